import type { Row, Server } from "../../../runtime/mariadb/server";
import { causeOf, type ReplicationCause, type ReplicationThreads } from "./causes";
import { formatGtid, parseGtid } from "./gtid";

/** What `SHOW ALL SLAVES STATUS` shows for the single, unnamed connection. */
export interface ReplicationStatus extends ReplicationThreads {
  sourceHost: string;
  sourcePort: number;
  sourceUser: string;
  /** Stable code of what keeps it from running; undefined while both threads run. */
  cause: ReplicationCause | undefined;
  /** Whether it is set to follow by GTID (`slave_pos`). */
  usingGtid: string;
  /** Last GTID received. */
  receivedGtid: string;
  /** Last GTID applied (`gtid_slave_pos`). */
  appliedGtid: string;
  /** `None`, or the condition of START SLAVE UNTIL. */
  until: string;
  tls: boolean;
  verifiesCertificate: boolean;
  /** Replication filters in force. Any filter makes the copy incomplete. */
  filters: string[];
  /** What the applying thread is doing. */
  sqlState: string;
}

/** Parses one row of `SHOW ALL SLAVES STATUS`. */
export function parseReplicationStatus(row: Row): ReplicationStatus {
  const text = (name: string) => (row[name] === null || row[name] === undefined ? "" : String(row[name]));
  const running = text("Slave_IO_Running").toLowerCase();
  const threads: ReplicationThreads = {
    io: running === "yes" ? "yes" : running === "no" ? "no" : "connecting",
    sql: text("Slave_SQL_Running").toLowerCase() === "yes",
    ioError: { number: Number(text("Last_IO_Errno") || 0), message: text("Last_IO_Error") },
    sqlError: { number: Number(text("Last_SQL_Errno") || 0), message: text("Last_SQL_Error") },
  };
  return {
    ...threads,
    cause: causeOf(threads),
    sourceHost: text("Master_Host"),
    sourcePort: Number(text("Master_Port")),
    sourceUser: text("Master_User"),
    usingGtid: text("Using_Gtid"),
    receivedGtid: formatGtid(parseGtid(text("Gtid_IO_Pos"))),
    appliedGtid: formatGtid(parseGtid(text("Gtid_Slave_Pos"))),
    until: text("Until_Condition") || "None",
    tls: text("Master_SSL_Allowed") === "Yes",
    verifiesCertificate: text("Master_SSL_Verify_Server_Cert") === "Yes",
    filters: Object.keys(row)
      .filter((name) => /^Replicate_|^Replicate\b/i.test(name) && text(name) !== "" && text(name) !== "0")
      .map((name) => `${name}=${text(name)}`),
    sqlState: text("Slave_SQL_Running_State"),
  };
}

/** How `server` follows another; undefined if it follows nobody. Never writes. */
export async function replicationStatus(server: Server): Promise<ReplicationStatus | undefined> {
  return replicationStatusOf(await server.rows("SHOW ALL SLAVES STATUS"));
}

/** The result of `SHOW ALL SLAVES STATUS`. */
export function replicationStatusOf(rows: readonly Row[]): ReplicationStatus | undefined {
  const unnamed = rows.find((row) => !row.Connection_name);
  return unnamed && parseReplicationStatus(unnamed);
}

/** A server's positions. Never writes. */
export interface Positions {
  /** Last transaction in the server's own binary log. */
  binlog: string;
  /** Last transaction that it applied as a replica. */
  applied: string;
}

/** Columns of a SELECT that `positionsOf` reads. */
export const positionColumns = "@@GLOBAL.gtid_binlog_pos AS binlog, @@GLOBAL.gtid_slave_pos AS applied";

export async function positions(server: Server): Promise<Positions> {
  return positionsOf(await server.row(`SELECT ${positionColumns}`));
}

export function positionsOf(row: Row | undefined): Positions {
  return {
    binlog: formatGtid(parseGtid(String(row?.binlog ?? ""))),
    applied: formatGtid(parseGtid(String(row?.applied ?? ""))),
  };
}
