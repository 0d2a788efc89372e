import type { Side } from "../../../../engine/move";

/** What a web app is told at its start; it answers `{port}`. */
export interface WebOrder {
  side: Side;
  /** Address at which it listens. */
  listen: string;
  database: { host: string; port: number; user: string; password: string; name: string };
  /** Sessions that it keeps to its database. */
  connections: number;
}
