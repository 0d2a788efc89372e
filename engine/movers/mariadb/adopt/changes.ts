import type { DatabaseSide } from "../../../move";
import { initFile } from "../fencing/statements";

/** What was read from blue: `SHOW GLOBAL VARIABLES`. */
export type Variables = Readonly<Record<string, string>>;

/** One change to blue's MariaDB that replication needs. */
export interface AdoptionChange {
  /** The setting's name, as in the configuration file. */
  setting: string;
  /** Its present value, as the server shows it. */
  from: string;
  to: string;
  reason: string;
  /** What it costs the owner. */
  cost: string;
  /** Whether it requires a restart. The others are set at run time. */
  restart: boolean;
}

/** Where the move's files are on blue's host. */
export const adoptedDirectory = "/etc/mysql/wikiferry";
export const dropInName = "99-wikiferry.cnf";

/** Settings that can change only with a restart. */
export const restartSettings: ReadonlySet<string> = new Set([
  "log_bin",
  "log_slave_updates",
  "ssl_ca",
  "ssl_cert",
  "ssl_key",
  "bind_address",
  "skip_networking",
  "init_file",
]);

/** Where blue has to listen so that green can reach it. */
export interface Listening {
  /** Value of `bind_address`. */
  address: string;
  /** The address by which green reaches it, or why no single address can be named. */
  why: string;
}

const loopback = ["127.0.0.1", "localhost", "::1"];

/** Whether a server listens on its own host only. */
export function listensLocally(blue: Variables): boolean {
  const addresses = (blue.bind_address ?? "").split(",").map((address) => address.trim());
  return addresses.every((address) => loopback.includes(address));
}

/** Used while nobody has determined the address. */
const everywhere: Listening = { address: "0.0.0.0", why: "on all addresses" };

/** Binary logs are kept at least as long as the way back is promised: 7 days, in seconds. */
export const rollbackWindowSeconds = 7 * 24 * 60 * 60;
const retentionSeconds = 2 * rollbackWindowSeconds;

/** How long a server keeps its binary log, in seconds; 0 means forever. Versions before 10.6 know days only. */
export function keptSeconds(variables: Variables): number {
  const seconds = variables.binlog_expire_logs_seconds;
  return seconds === undefined ? Number(variables.expire_logs_days ?? 0) * 86_400 : Number(seconds);
}

/**
 * What blue's MariaDB still needs before green can follow it, and before it can follow green. Empty once it has
 * everything.
 */
export function adoptionNeeded(
  blue: Variables,
  place: Pick<DatabaseSide, "serverId">,
  listening: Listening = everywhere,
): AdoptionChange[] {
  return wanted(blue, place, listening)
    .filter(({ holds }) => !holds)
    .map(({ holds: _, ...change }) => change);
}

/** All settings of the drop-in file, including those that already hold, so that they keep holding. */
export function dropIn(
  blue: Variables,
  place: Pick<DatabaseSide, "serverId">,
  listening: Listening = everywhere,
): string {
  // A value of the owner's that also serves stays as it is. log_bin is shown as ON whatever its file name.
  const keep = new Set(
    wanted(blue, place, listening)
      .filter(({ setting, holds, from, to }) => holds && from !== to && setting !== "log_bin")
      .map(({ setting }) => setting),
  );
  const lines = wanted(blue, place, listening)
    .filter(({ setting }) => !keep.has(setting))
    .map(({ setting, to }) => `${setting} = ${to}`);
  return [
    "# Written by wikiferry for the move of this wiki; remove it when the move is over.",
    "[mysqld]",
    ...lines,
    "",
  ].join("\n");
}

function wanted(
  blue: Variables,
  place: Pick<DatabaseSide, "serverId">,
  listening: Listening,
): (AdoptionChange & { holds: boolean })[] {
  const value = (name: string) => blue[name] ?? "";
  const on = (name: string) => ["ON", "1"].includes(value(name).toUpperCase());
  const changes: (AdoptionChange & { holds: boolean })[] = [];
  const want = (
    setting: string,
    to: string,
    reason: string,
    cost: string,
    holds = value(setting).toUpperCase() === to.toUpperCase(),
  ) =>
    changes.push({
      setting,
      from: value(setting),
      to,
      restart: restartSettings.has(setting),
      reason,
      cost,
      holds,
    });
  const restartCost = "one restart of MariaDB";

  want(
    "log_bin",
    on("log_bin") ? value("log_bin_basename") || "binlog" : "binlog",
    "green follows blue by its binary log",
    `${restartCost}; disk space for ${retentionSeconds / 86_400} days of changes`,
    on("log_bin"),
  );
  want("server_id", String(place.serverId), "each server of a stream needs a number of its own", "none");
  want("gtid_domain_id", "0", "both sides write one and the same stream, one after the other", "none");
  want(
    "binlog_format",
    "ROW",
    "rows are applied as they were written, whatever statement wrote them",
    "a larger binary log",
  );
  want("binlog_row_image", "FULL", "a row without a key is found by all its columns", "a larger binary log");
  want(
    "log_slave_updates",
    "ON",
    "after a switchback green must find its own transactions in blue's binary log",
    restartCost,
  );
  want(
    "gtid_strict_mode",
    "ON",
    "a write on the wrong side shows at once instead of being carried over",
    "replication stops at such a write",
  );
  want("sync_binlog", "1", "an acknowledged edit survives a power failure", "one disk flush for each commit");
  want(
    "innodb_flush_log_at_trx_commit",
    "1",
    "an acknowledged edit survives a power failure",
    "one disk flush for each commit",
  );
  const expiry = "binlog_expire_logs_seconds" in blue ? "binlog_expire_logs_seconds" : "expire_logs_days";
  want(
    expiry,
    String(expiry === "expire_logs_days" ? retentionSeconds / 86_400 : retentionSeconds),
    "the way back needs the changes of 7 days",
    "disk space for them",
    keptSeconds(blue) === 0 || keptSeconds(blue) >= rollbackWindowSeconds,
  );
  want(
    "event_scheduler",
    "ON",
    "the dead man's switch is an event: it opens or closes this server when a flip's tool died",
    "events that are enabled there run",
  );
  for (const [setting, file] of [
    ["ssl_ca", "ca.pem"],
    ["ssl_cert", "cert.pem"],
    ["ssl_key", "key.pem"],
  ] as const) {
    want(
      setting,
      `${adoptedDirectory}/${file}`,
      "the stream crosses the internet: TLS with checked certificates",
      `${restartCost}; clients that use TLS see this certificate from then on`,
      value(setting) === `${adoptedDirectory}/${file}` && value("have_ssl") === "YES",
    );
  }
  want(
    "bind_address",
    listening.address,
    `green must reach this server: ${listening.why}`,
    `${restartCost}; the port is open to other hosts unless a firewall bars it`,
    !listensLocally(blue),
  );
  want(
    "skip_networking",
    "OFF",
    "green must reach this server",
    `${restartCost}; the port is open to other hosts unless a firewall bars it`,
  );
  want(
    "init_file",
    `${adoptedDirectory}/role.sql`,
    "once green is the primary, a restarted blue must come up closed",
    restartCost,
    // An owner's own file stays in place, so a blue that restarts while it is passive needs read_only in it.
    value("init_file") !== "",
  );
  return changes;
}

/**
 * Runs at each start of blue's MariaDB. The server is closed (`read_only`) if the role record names green, or if a flip
 * under way has fenced it. Without the records, as before and after a move, this changes nothing.
 */
export const roleSql = initFile("blue", { withoutRecord: "as configured" });
