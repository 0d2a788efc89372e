import type { IncomingHttpHeaders } from "node:http";

/** Who asks: somebody without a session, or the account that may read a private wiki. */
export type Asker = "anonymous" | "account";

/** A question to both sides. */
export interface Address {
  method: "GET" | "HEAD";
  /** Path and query as they are sent. */
  path: string;
  /** What it has in common with other addresses, such as `/wiki/Talk:*`. */
  shape: string;
  as: Asker;
}

/** One side's answer. */
export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
  /** Why there is none, in words. */
  failure?: string;
}

/** One respect in which two answers differ. */
export interface Aspect {
  /** `status`, `target`, `type`, `header <name>`, `text`, `bytes`. */
  name: string;
  /** Both values, short: `404 instead of 200`. */
  what: string;
  /** Lines that differ, unified; none where a line says it all. */
  diff?: string;
}

/** A shape, or a setting, in which green differs from blue. */
export interface Difference {
  shape: string;
  /** One address of it; empty for a setting. */
  example: string;
  what: string;
  /** Lines of the example that differ. */
  diff?: string;
  /** Number of addresses of that shape that differ. */
  addresses: number;
}

/** What `npm run compare -- --json` prints: other tools read it, so fields are added and none is renamed. */
export interface Sameness {
  /** Number of addresses. */
  asked: number;
  /** Number of shapes, settings not counted. */
  shapes: number;
  /** Number of addresses whose answers are the same. */
  same: number;
  different: Difference[];
  ignored: { shape: string; reason: string }[];
}
