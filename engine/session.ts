import type { DatabaseAccess, MoveSpec, Secrets } from "./move";
import type { Report } from "./progress";
import { Server } from "./runtime/mariadb/server";
import { SshPool } from "./runtime/ssh/pool";
import { deriveSecret } from "./secrets";

/** One run's connections to hosts, and the part of the move's description that it works from. */
export interface EngineSession<Spec> {
  readonly spec: Spec;
  readonly secrets: Secrets;
  readonly pool: SshPool;
  readonly report: Report;
  close(): Promise<void>;
}

/** A description with both databases in it. */
export interface WithDatabases {
  blue: { database: DatabaseAccess };
  green: { database: DatabaseAccess };
}

/** One run's connections to both sides: opened when first used, closed together. */
export interface MoveSession<Spec extends WithDatabases = MoveSpec> extends EngineSession<Spec> {
  readonly blue: Server<Spec["blue"]["database"]>;
  readonly green: Server<Spec["green"]["database"]>;
}

export function openSession<Spec>(spec: Spec, secrets: Secrets, report: Report): EngineSession<Spec> {
  const pool = new SshPool(secrets.sshPrivateKey);
  return { spec, secrets, pool, report, close: () => pool.close() };
}

export function openMoveSession<Spec extends WithDatabases>(
  spec: Spec,
  secrets: Secrets,
  report: Report,
): MoveSession<Spec> {
  const session = openSession(spec, secrets, report);
  const places: { blue: Spec["blue"]["database"]; green: Spec["green"]["database"] } = {
    blue: spec.blue.database,
    green: spec.green.database,
  };
  const blue = new Server(places.blue, secrets.blueAdminPassword, session.pool);
  const green = new Server(places.green, deriveSecret(secrets.masterSecret, "mariadb-admin"), session.pool);
  return {
    ...session,
    blue,
    green,
    async close() {
      await Promise.all([blue.close(), green.close()]);
      await session.close();
    },
  };
}
