import type { Row, Server } from "../server";
import { formatGtid, parseGtid } from "./gtid";

/** One thread's last error; `number` 0 means none. */
export interface ReplicationError {
  number: number;
  message: string;
}

/** What `SHOW ALL SLAVES STATUS` says of the one, unnamed connection. */
export interface ReplicationStatus {
  sourceHost: string;
  sourcePort: number;
  sourceUser: string;
  /** Receives from the source; "connecting" is not running. */
  io: "yes" | "no" | "connecting";
  /** Applies what was received. */
  sql: boolean;
  ioError: ReplicationError;
  sqlError: ReplicationError;
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
  /** Replication filters in force; any of them makes the copy incomplete. */
  filters: string[];
  /** What the applying thread is at. */
  sqlState: string;
}

export type ReplicationCause =
  | "REPL_STOPPED"
  | "REPL_ACCESS_DENIED"
  | "REPL_TLS"
  | "REPL_UNREACHABLE"
  | "REPL_BINLOG_GONE"
  | "REPL_ERRANT_GTID"
  | "REPL_ROW_MISSING"
  | "REPL_ROW_DOUBLE"
  | "REPL_IO"
  | "REPL_SQL";

/**
 * Why replication does not run, from the threads' states and error numbers (mysqld_error.h, errmsg.h).
 */
export function causeOf(
  threads: Pick<ReplicationStatus, "io" | "sql" | "ioError" | "sqlError">,
): ReplicationCause | undefined {
  if (threads.sqlError.number !== 0) {
    switch (threads.sqlError.number) {
      case 1032: // ER_KEY_NOT_FOUND
        return "REPL_ROW_MISSING";
      case 1062: // ER_DUP_ENTRY
        return "REPL_ROW_DOUBLE";
      case 1950: // ER_GTID_STRICT_OUT_OF_ORDER
        return "REPL_ERRANT_GTID";
      default:
        return "REPL_SQL";
    }
  }
  if (threads.ioError.number !== 0 && threads.io !== "yes") {
    switch (threads.ioError.number) {
      case 1045: // ER_ACCESS_DENIED_ERROR
      case 1227: // ER_SPECIFIC_ACCESS_DENIED_ERROR
        return "REPL_ACCESS_DENIED";
      case 2026: // CR_SSL_CONNECTION_ERROR
        return "REPL_TLS";
      case 1236: // ER_MASTER_FATAL_ERROR_READING_BINLOG
        return /not in the master's binlog|diverged|errant/i.test(threads.ioError.message)
          ? "REPL_ERRANT_GTID"
          : "REPL_BINLOG_GONE";
      case 2002: // CR_CONNECTION_ERROR
      case 2003: // CR_CONN_HOST_ERROR
      case 2005: // CR_UNKNOWN_HOST
      case 2013: // CR_SERVER_LOST
        return "REPL_UNREACHABLE";
      default:
        return "REPL_IO";
    }
  }
  if (threads.io === "yes" && threads.sql) return undefined;
  if (threads.io === "connecting" && threads.sql) return "REPL_UNREACHABLE";
  return "REPL_STOPPED";
}

/** Reads one row of `SHOW ALL SLAVES STATUS`. */
export function parseReplicationStatus(row: Row): ReplicationStatus {
  const text = (name: string) => (row[name] === null || row[name] === undefined ? "" : String(row[name]));
  const running = text("Slave_IO_Running").toLowerCase();
  const threads = {
    io: running === "yes" ? ("yes" as const) : running === "no" ? ("no" as const) : ("connecting" as const),
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

/** How `server` follows another; undefined if it follows none. Never writes. */
export async function replicationStatus(server: Server): Promise<ReplicationStatus | undefined> {
  const rows = await server.rows("SHOW ALL SLAVES STATUS");
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

export async function positions(server: Server): Promise<Positions> {
  const row = await server.row<{ binlog: string | null; applied: string | null }>(
    "SELECT @@GLOBAL.gtid_binlog_pos AS binlog, @@GLOBAL.gtid_slave_pos AS applied",
  );
  return {
    binlog: formatGtid(parseGtid(row?.binlog ?? "")),
    applied: formatGtid(parseGtid(row?.applied ?? "")),
  };
}
