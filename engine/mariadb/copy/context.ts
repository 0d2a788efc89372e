import type { MoveSpec, Secrets } from "../../move";
import type { Report } from "../../progress";
import type { SshPool } from "../../ssh/pool";
import type { Server } from "../server";

/** What a copy needs; a `Move` is one. */
export interface CopyContext {
  spec: MoveSpec;
  secrets: Secrets;
  pool: SshPool;
  blue: Server;
  green: Server;
  report: Report;
}
