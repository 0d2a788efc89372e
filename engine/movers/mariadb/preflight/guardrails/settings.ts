import { block, type Finding, pass, warn } from "../../../../finding";
import type { Row, Server } from "../../../../runtime/mariadb/server";
import { keptSeconds, rollbackWindowSeconds, type Variables } from "../../adopt/changes";
import { charsetName } from "../../charsets";
import type { Guardrail } from "./guardrail";

/** A server's settings, and what its binary log omits. */
interface Settings {
  server: Server;
  variables: Variables;
  /** From `SHOW MASTER STATUS`; undefined with the binary log off. */
  log: Row | undefined;
}

const names = [
  "log_bin",
  "log_slave_updates",
  "binlog_format",
  "binlog_row_image",
  "binlog_expire_logs_seconds",
  "expire_logs_days",
  "server_id",
  "gtid_domain_id",
  "gtid_strict_mode",
  "sync_binlog",
  "innodb_flush_log_at_trx_commit",
  "slave_exec_mode",
  "slave_skip_errors",
  "sql_slave_skip_counter",
  "read_only",
  "sql_mode",
  "lower_case_table_names",
  "character_set_server",
  "collation_server",
  "max_allowed_packet",
  "tx_isolation",
  "transaction_isolation",
  "time_zone",
  "system_time_zone",
  "explicit_defaults_for_timestamp",
  "innodb_strict_mode",
  "auto_increment_increment",
  "auto_increment_offset",
] as const;

const namesOfCharsets = new Set<string>(["character_set_server", "collation_server"]);

/** Settings of both servers that a complete stream, a way back, or an unchanged wiki depend on. */
export const settings: Guardrail = async ({ primary, replica, database }) => {
  const [here, there] = await Promise.all([read(primary), read(replica)]);
  const both = [here, there];
  const [ours, theirs] = await Promise.all([
    databaseCollation(primary, database),
    databaseCollation(replica, database),
  ]);
  return [
    openness(here, there),
    binlogOn(both),
    format(both),
    binlogFilters(both),
    retention(both),
    gtidSettings(both),
    serverIds(here, there),
    durability(both),
    leniency(there),
    caseOfNames(here, there),
    sqlMode(here, there),
    collations(here, there, ours, theirs),
    packets(here, there),
    others(here, there),
  ];
};

async function read(server: Server): Promise<Settings> {
  const rows = await server.rows<{ Variable_name: string; Value: string }>(
    "SHOW GLOBAL VARIABLES WHERE Variable_name IN (?)",
    [names],
  );
  return {
    server,
    variables: Object.fromEntries(
      rows.map((row) => {
        const name = row.Variable_name.toLowerCase();
        return [name, namesOfCharsets.has(name) ? charsetName(row.Value) : row.Value];
      }),
    ),
    log: await server.row("SHOW MASTER STATUS"),
  };
}

async function databaseCollation(server: Server, database: string): Promise<string | undefined> {
  const row = await server.row<{ charset: string; collation: string }>(
    "SELECT default_character_set_name AS charset, default_collation_name AS collation FROM information_schema.schemata WHERE schema_name = ?",
    [database],
  );
  return row && `${charsetName(row.charset)} ${charsetName(row.collation)}`;
}

/** `side: name = value` for each server on which a setting is not as wanted. */
function unlike(both: readonly Settings[], wanted: Readonly<Record<string, string>>): string[] {
  return both.flatMap(({ server, variables }) =>
    Object.entries(wanted)
      .filter(([name, value]) => (variables[name] ?? "").toUpperCase() !== value)
      .map(([name]) => `${server.side} has ${name} = ${variables[name] ?? "nothing"}`),
  );
}

/** `name` as both have it, where they differ. */
function differing({ variables: a, server: here }: Settings, { variables: b, server: there }: Settings) {
  return (name: string) =>
    a[name] === b[name] ? [] : [`${name} is ${a[name]} on ${here.side}, ${b[name]} on ${there.side}`];
}

/** One side takes writes, the other does not. */
function openness(here: Settings, there: Settings): Finding {
  const closed = ({ variables }: Settings) => variables.read_only !== "OFF" && variables.read_only !== "0";
  if (closed(here))
    return block(
      "PRIMARY_READ_ONLY",
      `${here.server.side} is the primary and is read-only`,
      `Something else set read_only there (an orchestrator, a cron job): find it, SET GLOBAL read_only = 0 on ${here.server.side}, then run again`,
    );
  if (!closed(there))
    return block(
      "PRIMARY_SECOND_WRITER",
      `${there.server.side} is not the primary and takes writes`,
      `SET GLOBAL read_only = 1 on ${there.server.side}, find what opened it, and compare both sides again (pulumi up --refresh)`,
    );
  return pass("PRIMARY_READ_ONLY", `${here.server.side} takes writes, ${there.server.side} does not`);
}

function binlogOn(both: readonly Settings[]): Finding {
  const off = unlike(both, { log_bin: "ON", log_slave_updates: "ON" });
  if (off.length === 0)
    return pass("REPL_BINLOG_OFF", "both sides log all changes, including those that they apply");
  return block(
    "REPL_BINLOG_OFF",
    `${off.join(", ")}, wanted ON`,
    "Set both in that server's configuration and restart it; without them there is no way back",
  );
}

function format(both: readonly Settings[]): Finding {
  const other = unlike(both, { binlog_format: "ROW", binlog_row_image: "FULL" });
  if (other.length === 0) return pass("REPL_FORMAT", "both sides log whole rows");
  return block(
    "REPL_FORMAT",
    `${other.join(", ")}, wanted ROW and FULL`,
    "SET GLOBAL binlog_format = 'ROW', binlog_row_image = 'FULL' there, and end sessions that are older than that",
  );
}

function binlogFilters(both: readonly Settings[]): Finding {
  const found = both.flatMap(({ server, log }) =>
    ["Binlog_Do_DB", "Binlog_Ignore_DB"]
      .filter((name) => log?.[name])
      .map((name) => `${server.side} has ${name} = ${log?.[name]}`),
  );
  if (found.length === 0) return pass("REPL_BINLOG_FILTERED", "nothing is left out of either binary log");
  return block(
    "REPL_BINLOG_FILTERED",
    found.join(", "),
    "Take it out of that server's configuration and restart it: what is not logged does not reach the other side",
  );
}

/** Checked on both sides, because after a flip the way back needs the new primary's log as well. */
function retention(both: readonly Settings[]): Finding {
  for (const { server, variables } of both) {
    const seconds = keptSeconds(variables);
    if (seconds === 0 || seconds >= rollbackWindowSeconds) continue;
    return block(
      "BINLOG_RETENTION",
      `${server.side} keeps its binary log for ${Math.round(seconds / 3600)} h, wanted ${rollbackWindowSeconds / 3600} h`,
      `SET GLOBAL binlog_expire_logs_seconds = ${rollbackWindowSeconds} there, and in its settings: else there is no way back after that time`,
    );
  }
  return pass(
    "BINLOG_RETENTION",
    `both keep their binary logs for ${rollbackWindowSeconds / 3600} h or more`,
  );
}

function gtidSettings(both: readonly Settings[]): Finding {
  const other = unlike(both, { gtid_strict_mode: "ON", gtid_domain_id: "0" });
  if (other.length === 0) return pass("REPL_GTID", "both write one stream, and strictly");
  return block(
    "REPL_GTID",
    `${other.join(", ")}, wanted ON and 0`,
    "SET GLOBAL gtid_strict_mode = 1, gtid_domain_id = 0 there: else a write on the wrong side goes unseen",
  );
}

function serverIds(here: Settings, there: Settings): Finding {
  const id = here.variables.server_id;
  if (id !== there.variables.server_id && id !== "0")
    return pass("REPL_SERVER_ID", `server_id ${id} and ${there.variables.server_id}`);
  return block(
    "REPL_SERVER_ID",
    `both sides have server_id ${id}`,
    "Set tuning.database.blueServerId or tuning.database.greenServerId to another number: a server skips events with its own",
  );
}

function durability(both: readonly Settings[]): Finding {
  const loose = unlike(both, { sync_binlog: "1", innodb_flush_log_at_trx_commit: "1" });
  if (loose.length === 0) return pass("REPL_DURABILITY", "on both sides an acknowledged edit is on disk");
  return block(
    "REPL_DURABILITY",
    `${loose.join(", ")}, wanted 1`,
    "SET GLOBAL sync_binlog = 1, innodb_flush_log_at_trx_commit = 1 there: else a crash loses edits that were acknowledged",
  );
}

/** Stream errors that would be ignored silently. */
function leniency(there: Settings): Finding {
  const lenient = unlike([there], { slave_exec_mode: "STRICT", slave_skip_errors: "OFF" });
  const skip = there.variables.sql_slave_skip_counter ?? "0";
  if (skip !== "0") lenient.push(`${there.server.side} has sql_slave_skip_counter = ${skip}`);
  if (lenient.length === 0) return pass("REPL_LENIENT", `${there.server.side} ignores no error`);
  return block(
    "REPL_LENIENT",
    `${lenient.join(", ")}, wanted STRICT, OFF and 0`,
    "SET GLOBAL slave_exec_mode = 'STRICT' there, take slave_skip_errors out of its configuration, and compare again (pulumi up --refresh): rows may be missing",
  );
}

function caseOfNames(here: Settings, there: Settings): Finding {
  const [found] = differing(here, there)("lower_case_table_names");
  if (!found) return pass("SCHEMA_CASE", "both compare table names in the same way");
  return block(
    "SCHEMA_CASE",
    found,
    "It can be set only on an empty server: give green blue's value and copy again (npm run copy:again)",
  );
}

function sqlMode(here: Settings, there: Settings): Finding {
  const { variables: a, server } = here;
  const { variables: b, server: other } = there;
  if (a.sql_mode === b.sql_mode) return pass("SCHEMA_SQL_MODE", "sql_mode is the same on both sides");
  return block(
    "SCHEMA_SQL_MODE",
    `sql_mode is "${a.sql_mode}" on ${server.side}, "${b.sql_mode}" on ${other.side}`,
    `SET GLOBAL sql_mode = '${a.sql_mode}' on ${other.side}, and in its configuration: writes that one takes, the other may refuse or cut`,
  );
}

/**
 * The wiki's tables name their own character sets, and new ones take the database's. The server's default matters only
 * for clients that name none, and MediaWiki names one.
 */
function collations(here: Settings, there: Settings, ours?: string, theirs?: string): Finding {
  if (ours !== theirs)
    return block(
      "SCHEMA_CHARSET",
      `the wiki's database has ${ours ?? "no default, it is missing"} on ${here.server.side}, ${theirs ?? "is missing"} on ${there.server.side}`,
      `ALTER DATABASE on ${there.server.side} with ${here.server.side}'s CHARACTER SET and COLLATE, without the binary log (SET sql_log_bin = 0): new tables would be made differently`,
    );
  const server = differing(here, there)("collation_server");
  return pass(
    "SCHEMA_CHARSET",
    `the wiki's database has ${ours} on both sides${server.length > 0 ? `; ${server[0]}, which matters only to clients that name no character set` : ""}`,
  );
}

/** MediaWiki's own limit is 2 MiB of text; 16 MiB is MariaDB's default. */
const enoughPacketBytes = 16 * 1024 * 1024;

function packets(here: Settings, there: Settings): Finding {
  const ours = Number(here.variables.max_allowed_packet);
  const theirs = Number(there.variables.max_allowed_packet);
  if (theirs >= Math.min(ours, enoughPacketBytes))
    return pass("SCHEMA_PACKET", "large texts fit on both sides");
  return warn(
    "SCHEMA_PACKET",
    `max_allowed_packet is ${ours} on ${here.server.side}, ${theirs} on ${there.server.side}`,
    `SET GLOBAL max_allowed_packet = ${ours} on ${there.server.side}, and in its configuration: larger texts can't be saved there`,
  );
}

/** Settings that can change what a statement does. */
function others(here: Settings, there: Settings): Finding {
  const compare = differing(here, there);
  const found = [
    "tx_isolation",
    "transaction_isolation",
    "time_zone",
    ...(here.variables.time_zone === "SYSTEM" ? ["system_time_zone"] : []),
    "explicit_defaults_for_timestamp",
    "innodb_strict_mode",
    "auto_increment_increment",
    ...(here.variables.auto_increment_increment === "1" ? [] : ["auto_increment_offset"]),
  ].flatMap(compare);
  if (found.length === 0)
    return pass("SCHEMA_SETTINGS", "isolation, time zone and numbering are the same on both sides");
  return warn(
    "SCHEMA_SETTINGS",
    found.join(", "),
    `Give ${there.server.side} the same values where the wiki or its extensions rely on them`,
  );
}
