import { journalOn } from "../control/mariadb/openJournal";
import { readRoles } from "../control/mariadb/primary";
import { initRole } from "../control/mariadb/role";
import { likelyPrimary } from "../control/primary";
import type { MoveSpec } from "../move";
import { dropReplicationAccount, ensureReplicationAccount } from "../movers/mariadb/accounts/accounts";
import { adopt, readVariables } from "../movers/mariadb/adopt/adopt";
import { adoptionNeeded } from "../movers/mariadb/adopt/changes";
import { deriveSecret } from "../secrets";
import { type MoveSession, openMoveSession } from "../session";
import { databaseAccess, pick } from "../slice";
import type { ResourceHandler } from "./handler";

const slice = (spec: MoveSpec) => {
  const { blue, green } = databaseAccess(spec);
  const host = ({ database }: MoveSpec["blue"] | MoveSpec["green"]) => pick(database.replication, "host");
  return {
    wiki: pick(spec.wiki, "name"),
    blue: {
      database: {
        ...blue.database,
        ...pick(spec.blue.database, "ssh", "restart", "configDirectory", "serverId"),
        replication: host(spec.blue),
      },
    },
    green: { database: { ...green.database, replication: host(spec.green) } },
  };
};

type Session = MoveSession<ReturnType<typeof slice>>;

interface Inputs {
  allowRestart: boolean;
  restartAt: string;
  /** Whether blue is archived: then nothing more is put on it. */
  retired: boolean;
}

interface Outputs {
  /** `setting: from → to` for each. */
  changed: string[];
  downtimeMs: number;
  retired: boolean;
}

async function bringAbout(session: Session, inputs: Inputs): Promise<Outputs> {
  const { blue, spec, secrets, report } = session;
  const place = spec.blue.database;
  const journal = journalOn(blue);
  const { changes, downtimeMs } = await adopt(blue, await session.pool.to(place.ssh), place, {
    allowRestart: inputs.allowRestart,
    restartAt: inputs.restartAt || undefined,
    masterSecret: secrets.masterSecret,
    greenHost: spec.green.database.replication.host,
    journal,
    report,
  });
  await initRole(blue, { wiki: spec.wiki.name });
  await ensureReplicationAccount(blue, deriveSecret(secrets.masterSecret, "mariadb-replication"));
  return {
    changed: changes.map(({ setting, from, to }) => `${setting}: ${from || "-"} → ${to}`),
    downtimeMs,
    retired: false,
  };
}

/** Blue's MariaDB can be replicated: binary log, certificate, replication account, role record. */
export const handler: ResourceHandler<Session, Inputs, Outputs> = {
  slice,
  open: openMoveSession,
  create: bringAbout,
  async update(session, inputs, before) {
    // A retired blue may be switched off. What is on it is taken back once nothing follows any more.
    if (inputs.retired) return { changed: before.changed, downtimeMs: before.downtimeMs, retired: true };
    const now = await bringAbout(session, inputs);
    return now.changed.length > 0 ? now : { ...now, changed: before.changed, downtimeMs: before.downtimeMs };
  },
  async read({ blue, spec }, { changed, downtimeMs, retired }) {
    if (retired) return { changed, downtimeMs, retired };
    const left = adoptionNeeded(await readVariables(blue), spec.blue.database);
    return left.length === 0 ? { changed, downtimeMs, retired: false } : undefined;
  },
  /** The binary log stays on: turning it off would take a restart. `npm run undo` takes everything back. */
  async remove(session) {
    if (likelyPrimary(await readRoles(session))?.side === "green") return;
    await dropReplicationAccount(session.blue);
  },
};
