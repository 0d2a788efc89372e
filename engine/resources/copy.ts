import type { MoveSpec } from "../move";
import { ensureReplicationAccount } from "../movers/mariadb/accounts/accounts";
import { copyDatabase } from "../movers/mariadb/copy/copy";
import { type CopyResult, copyState } from "../movers/mariadb/copy/state";
import { deriveSecret } from "../secrets";
import { type MoveSession, openMoveSession } from "../session";
import { container, databaseAccess, pick } from "../slice";
import type { ResourceHandler } from "./handler";

const slice = (spec: MoveSpec) => ({
  wiki: pick(spec.wiki, "name", "database", "appUser"),
  blue: { database: pick(spec.blue.database, "side", "admin", "adminUser", "replication", "ssh") },
  green: {
    database: { ...databaseAccess(spec).green.database, ...container(spec.green.database) },
  },
  copy: pick(spec.copy, "method", "maxBytesPerSecond"),
});

type Session = MoveSession<ReturnType<typeof slice>>;

async function bringAbout(session: Session): Promise<CopyResult> {
  const result = await copyDatabase(session);
  // Blue uses it to follow green once green is the primary.
  await ensureReplicationAccount(
    session.green,
    deriveSecret(session.secrets.masterSecret, "mariadb-replication"),
  );
  return result;
}

/** Every row of blue's database is on green, as of one GTID. Copied once. */
export const handler: ResourceHandler<Session, object, CopyResult> = {
  slice,
  open: openMoveSession,
  create: bringAbout,
  update: bringAbout,
  async read({ green }) {
    const state = await copyState(green);
    if (state.state !== "copied") return undefined;
    const { state: _state, ...result } = state;
    return result;
  },
  async remove() {},
};
