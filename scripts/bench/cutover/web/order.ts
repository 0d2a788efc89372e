import type { Side } from "../../../../engine/move";

/** What a web app receives at its start. It answers `{port}`. */
export interface WebOrder {
  side: Side;
  /** Address at which it listens. */
  listen: string;
  database: { host: string; port: number; user: string; password: string; name: string };
  /** Number of sessions that it keeps to its database. */
  connections: number;
}
