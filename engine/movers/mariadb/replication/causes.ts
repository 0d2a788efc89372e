/** Stable code of what keeps a replica from following. */
export type ReplicationCause =
  | "REPL_STOPPED"
  | "REPL_ACCESS_DENIED"
  | "REPL_TLS"
  | "REPL_UNREACHABLE"
  | "REPL_BINLOG_GONE"
  | "REPL_ERRANT_GTID"
  | "REPL_ROW_MISSING"
  | "REPL_ROW_DOUBLE"
  | "REPL_TABLE_MISSING"
  | "REPL_TABLE_DIFFERS"
  | "REPL_DDL"
  | "REPL_DISK_FULL"
  | "REPL_IO"
  | "REPL_SQL";

/** One thread's last error; `number` 0 means none. */
export interface ReplicationError {
  number: number;
  message: string;
}

/** The two threads of a replica. */
export interface ReplicationThreads {
  /** Receives from the source; "connecting" is not running. */
  io: "yes" | "no" | "connecting";
  /** Applies what was received. */
  sql: boolean;
  ioError: ReplicationError;
  sqlError: ReplicationError;
}

/** Why replication does not run, from the threads' states and error numbers (mysqld_error.h, errmsg.h). */
export function causeOf(threads: ReplicationThreads): ReplicationCause | undefined {
  const { io, sql, ioError, sqlError } = threads;
  if (sqlError.number !== 0) return applyingCause(sqlError);
  if (ioError.number !== 0 && io !== "yes") return receivingCause(ioError);
  if (io === "yes" && sql) return undefined;
  if (io === "connecting" && sql) return "REPL_UNREACHABLE";
  return "REPL_STOPPED";
}

function applyingCause({ number, message }: ReplicationError): ReplicationCause {
  switch (number) {
    case 1950: // ER_GTID_STRICT_OUT_OF_ORDER
      return "REPL_ERRANT_GTID";
    case 1021: // ER_DISK_FULL
    case 1114: // ER_RECORD_FILE_FULL
      return "REPL_DISK_FULL";
  }
  if (/\b(?:errno|error):? 28\b/i.test(message)) return "REPL_DISK_FULL";
  // Row changes are logged as rows, so a statement in the stream is a schema change, whatever error it failed with.
  if (statementIn(message) !== undefined) return "REPL_DDL";
  switch (number) {
    case 1032: // ER_KEY_NOT_FOUND
      return "REPL_ROW_MISSING";
    case 1062: // ER_DUP_ENTRY
      return "REPL_ROW_DOUBLE";
    case 1049: // ER_BAD_DB_ERROR
    case 1146: // ER_NO_SUCH_TABLE
      return "REPL_TABLE_MISSING";
    case 1535: // ER_BINLOG_ROW_WRONG_TABLE_DEF
    case 1677: // ER_SLAVE_CONVERSION_FAILED
      return "REPL_TABLE_DIFFERS";
    default:
      return "REPL_SQL";
  }
}

function receivingCause({ number, message }: ReplicationError): ReplicationCause {
  switch (number) {
    case 1045: // ER_ACCESS_DENIED_ERROR
    case 1130: // ER_HOST_NOT_PRIVILEGED
    case 1698: // ER_ACCESS_DENIED_NO_PASSWORD_ERROR
    case 4151: // ER_ACCOUNT_HAS_BEEN_LOCKED
    case 1227: // ER_SPECIFIC_ACCESS_DENIED_ERROR
      return "REPL_ACCESS_DENIED";
    case 2026: // CR_SSL_CONNECTION_ERROR
    case 3159: // ER_SECURE_TRANSPORT_REQUIRED
      return "REPL_TLS";
    case 1236: // ER_MASTER_FATAL_ERROR_READING_BINLOG
      return /not in the master's binlog|diverged|errant/i.test(message)
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

/** The statement in `Error '…' on query. Default database: '…'. Query: '…'`. */
export function statementIn(message: string): string | undefined {
  return /on query\..*? Query: '([\s\S]*)'$/.exec(message.trim())?.[1];
}

/** What stopped, where, and why: one sentence without the full stop. */
export function describeStop(
  status: (Pick<ReplicationThreads, "sqlError" | "ioError"> & { appliedGtid: string }) | undefined,
): string {
  if (!status) return "it follows nobody";
  const { sqlError, ioError, appliedGtid } = status;
  const message = sqlError.message || ioError.message;
  if (message === "") return "no thread runs";
  const statement = sqlError.message === "" ? undefined : statementIn(message);
  const said =
    statement === undefined
      ? // What follows is the position in a file that only the server knows.
        message.replace(/;? ?handler error[\s\S]*$/, "").replace(/, Error_code: \d+$/, "")
      : `${/'([\s\S]*?)' on query\./.exec(message)?.[1] ?? message} by ${shortened(statement)}`;
  const number = sqlError.number || ioError.number;
  return `error ${number} after ${appliedGtid || "no transaction"}: ${said.trim()}`;
}

function shortened(statement: string): string {
  const line = statement.replace(/\s+/g, " ").trim();
  return line.length > 200 ? `${line.slice(0, 200)}…` : line;
}

/** What to do. Nothing is ever skipped, so the same transaction is tried again first. */
export const wayOuts: Record<ReplicationCause, string> = {
  REPL_STOPPED: "See its error log, then run again",
  REPL_ACCESS_DENIED: "Run `pulumi up` in phase sync, which sets up the replication account again",
  REPL_TLS:
    "TLS verification failed: run `pulumi up` in phase sync, which renews the certificates if they have expired",
  REPL_UNREACHABLE:
    "See that this server can reach the address in the config, and that no firewall blocks it",
  REPL_BINLOG_GONE:
    "The source has deleted binary logs that are still needed: copy again (npm run copy:again), and keep them for longer",
  REPL_ERRANT_GTID:
    "Something wrote on the replica: find it in its binary log, apply it on the other side by hand, and copy again (npm run copy:again)",
  REPL_ROW_MISSING: "A row to change is missing: the sides differ, so copy again (npm run copy:again)",
  REPL_ROW_DOUBLE: "A row to insert exists already: the sides differ, so copy again (npm run copy:again)",
  REPL_TABLE_MISSING:
    "The table was dropped or renamed on the replica only: rename it back if it is still complete, else copy again (npm run copy:again); then run again. A table of another database is not part of the move: move that database to another server (DB_NEIGHBOURS), then copy again (npm run copy:again)",
  REPL_TABLE_DIFFERS:
    "The table was changed on the replica only: make its columns as the source's without the binary log (SET sql_log_bin = 0), then run again",
  REPL_DDL:
    "A schema change can't be applied there: correct what its error names (without the binary log: SET sql_log_bin = 0), then run again, and it is tried once more; else copy again (npm run copy:again)",
  REPL_DISK_FULL: "The replica's disk is full: make room, then run again",
  REPL_IO: "See the error, then run again",
  REPL_SQL: "See the error, then run again",
};
