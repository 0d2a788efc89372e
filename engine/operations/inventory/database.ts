import type { Side } from "../../move";
import { accountsLocked, accountsOf, unlockAccounts } from "../../movers/mariadb/accounts/accounts";
import { originalSettings, setBack, untilRestart } from "../../movers/mariadb/adopt/originals";
import { disarmWatchdog } from "../../movers/mariadb/fencing/watchdog";
import { replicationUser, stopFollowing } from "../../movers/mariadb/replication/follow";
import { replicationStatus } from "../../movers/mariadb/replication/status";
import type { Deposit, DepositMove, DepositSpec } from "./deposit";

const onServer = (spec: DepositSpec, side: Side, what: string) =>
  `${side === "blue" ? spec.blue.database.ssh.host : spec.green.database.container}, MariaDB: ${what}`;

const schemaSeen = (name: string) => async (move: DepositMove) => {
  const tables = await move.blue.rows<{ name: string | null }>(
    `SELECT t.table_name AS name FROM information_schema.schemata s
       LEFT JOIN information_schema.tables t ON t.table_schema = s.schema_name
      WHERE s.schema_name = ? ORDER BY 1`,
    [name],
  );
  if (tables.length === 0) return undefined;
  return `tables ${tables.map((row) => row.name ?? "none").join(" ")}`;
};

const dropSchema = (name: string) => async (move: DepositMove) => {
  await (await move.blue.sessionWithoutBinlog()).run("DROP DATABASE IF EXISTS ??", [name]);
};

export const schema: Deposit = {
  name: "schema wikiferry",
  side: "blue",
  where: (spec) => onServer(spec, "blue", "schema wikiferry"),
  see: schemaSeen("wikiferry"),
  take: dropSchema("wikiferry"),
  staysRetired:
    "the record that green is the primary, which keeps tools from taking blue for it, and the journal",
  byHand: () => "SET sql_log_bin = 0; DROP DATABASE wikiferry",
};

/** Left by a killed trial of the dead man's switch. */
export const probeSchema: Deposit = {
  name: "schema wikiferry_probe",
  side: "blue",
  where: (spec) => onServer(spec, "blue", "schema wikiferry_probe"),
  see: schemaSeen("wikiferry_probe"),
  take: dropSchema("wikiferry_probe"),
  byHand: () => "SET sql_log_bin = 0; DROP DATABASE wikiferry_probe",
};

export const event: Deposit = {
  name: "dead man's switch",
  side: "blue",
  where: (spec) => onServer(spec, "blue", "event wikiferry.rule"),
  async see({ blue }) {
    const status = await blue.value(
      "SELECT status FROM information_schema.events WHERE event_schema = 'wikiferry' AND event_name = 'rule'",
    );
    return status?.toLowerCase();
  },
  async take(move) {
    if ((await event.see(move)) !== undefined) await disarmWatchdog(move.blue);
  },
  byHand: () => "DROP EVENT wikiferry.rule",
};

/** The account with which the other side replicates. */
export function replicationAccount(side: Side): Deposit {
  return {
    name: "replication account",
    side,
    where: (spec) => onServer(spec, side, `account ${replicationUser}`),
    async see(move) {
      const accounts = await accountsOf(move[side], replicationUser);
      return accounts.length === 0
        ? undefined
        : accounts.map(({ user, host }) => `${user}@${host}`).join(" ");
    },
    async take(move) {
      const session = await move[side].sessionWithoutBinlog();
      for (const { user, host } of await accountsOf(move[side], replicationUser))
        await session.run("DROP USER IF EXISTS ?@?", [user, host]);
    },
    byHand: () => `SET sql_log_bin = 0; DROP USER ${replicationUser}@'%'`,
  };
}

/** A server's record of whom it follows. Another's stream is left alone. */
export const stream: Deposit = {
  name: "stream",
  side: "blue",
  where: (spec) => onServer(spec, "blue", "replication of green"),
  async see({ blue }) {
    const status = await replicationStatus(blue);
    return status?.sourceUser === replicationUser
      ? `follows ${status.sourceHost}:${status.sourcePort}`
      : undefined;
  },
  async take(move) {
    if ((await stream.see(move)) !== undefined) await stopFollowing(move.blue);
  },
  byHand: () => "STOP SLAVE; RESET SLAVE ALL",
};

/** Settings that adoption changed at run time on blue's MariaDB. */
export const runningSettings: Deposit = {
  name: "running settings",
  side: "blue",
  where: (spec) => onServer(spec, "blue", "global variables"),
  async see({ blue }) {
    const changed = (await originalSettings(blue)).filter(({ inEffect, restart }) => inEffect && !restart);
    return changed.length === 0
      ? undefined
      : changed.map(({ setting, from, to }) => `${setting}=${to} (was ${from || "empty"})`).join(" ");
  },
  take: ({ blue }) => setBack(blue),
  staysRetired: "in effect until blue's MariaDB is restarted",
  byHand: () => "restart MariaDB once the settings file is gone",
};

/** What ends only with a restart of blue's MariaDB. */
export const restartPending: Deposit = {
  name: "settings until a restart",
  side: "blue",
  where: (spec) => onServer(spec, "blue", "global variables"),
  async see({ blue }) {
    const settings = await untilRestart(blue);
    return settings.length === 0 ? undefined : settings.join(" ");
  },
  staysRetired: "in effect until blue's MariaDB is restarted",
  byHand: () => "restart MariaDB once the settings file is gone",
};

export const accountLock: Deposit = {
  name: "lock of the wiki's account",
  side: "blue",
  where: (spec) => onServer(spec, "blue", `account ${spec.wiki.appUser}`),
  async see({ blue, spec }) {
    return (await accountsLocked(blue, spec.wiki.appUser)) ? "locked" : undefined;
  },
  async take({ blue, spec }) {
    if (await accountsLocked(blue, spec.wiki.appUser)) await unlockAccounts(blue, spec.wiki.appUser);
  },
  staysRetired: "no wiki logs in to the archive by mistake",
  byHand: ({ wiki }) => `ALTER USER ${wiki.appUser}@… ACCOUNT UNLOCK`,
};
