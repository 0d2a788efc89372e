import { Server } from "./mariadb/server";
import type { MoveSpec, Secrets } from "./move";
import type { Report } from "./progress";
import { deriveSecret } from "./secrets";
import { SshPool } from "./ssh/pool";

/** One run's hands on both sides: connections are opened when first used and closed together. */
export interface Move {
  readonly spec: MoveSpec;
  readonly secrets: Secrets;
  readonly pool: SshPool;
  readonly blue: Server;
  readonly green: Server;
  readonly report: Report;
  close(): Promise<void>;
}

export function openMove(spec: MoveSpec, secrets: Secrets, report: Report): Move {
  const pool = new SshPool(secrets.sshPrivateKey);
  const blue = new Server(spec.blue.database, secrets.blueAdminPassword, pool);
  const green = new Server(spec.green.database, deriveSecret(secrets.masterSecret, "mariadb-admin"), pool);
  return {
    spec,
    secrets,
    pool,
    blue,
    green,
    report,
    async close() {
      await Promise.all([blue.close(), green.close()]);
      await pool.close();
    },
  };
}
