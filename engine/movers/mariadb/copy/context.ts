import type {
  ContainerRef,
  DatabaseAccess,
  MoveSpec,
  Secrets,
  SourceDatabase,
  SshTarget,
} from "../../../move";
import type { Report } from "../../../progress";
import type { Server, SourceServer } from "../../../runtime/mariadb/server";
import type { SshPool } from "../../../runtime/ssh/pool";

export interface CopySpec {
  wiki: Pick<MoveSpec["wiki"], "name" | "database" | "appUser">;
  blue: { database: SourceDatabase & { ssh: SshTarget } };
  green: { database: DatabaseAccess & ContainerRef };
  copy: MoveSpec["copy"];
}

/** What a copy needs. A `Move` has all of it. */
export interface CopyContext {
  spec: CopySpec;
  secrets: Secrets;
  pool: SshPool;
  blue: SourceServer;
  green: Server;
  report: Report;
}
