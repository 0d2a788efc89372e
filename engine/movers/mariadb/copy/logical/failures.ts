import { isDiskFull } from "../../../../control/mariadb/diskFull";
import { messageOf, WikiferryError } from "../../../../errors";
import { LinkError, ServerError } from "./wire/packets";
import { ValuesChanged } from "./worker";

/** Something was created, dropped, renamed, truncated or altered on blue before its rows were copied. */
export class DefinitionsChanged extends Error {
  constructor(readonly what: string) {
    super(what);
  }
}

/**
 * ER_BAD_FIELD_ERROR, ER_NO_SUCH_TABLE, ER_TABLE_DEF_CHANGED, ER_KEY_DOES_NOT_EXITS, ER_CHECK_NO_SUCH_TABLE,
 * ER_BAD_DB_ERROR, ER_SP_DOES_NOT_EXIST, ER_WRONG_OBJECT, ER_TRG_DOES_NOT_EXIST, ER_EVENT_DOES_NOT_EXIST
 */
const definitionErrors = new Set([1054, 1146, 1412, 1176, 1177, 1049, 1305, 1347, 1360, 1539]);
/** ER_CON_COUNT_ERROR, ER_LOCK_WAIT_TIMEOUT, ER_LOCK_DEADLOCK, ER_SERVER_SHUTDOWN, ER_QUERY_INTERRUPTED, ER_CONNECTION_KILLED */
const passingErrors = new Set([1040, 1205, 1213, 1053, 1317, 1927]);
const lostCodes = /^(ECONNRESET|EPIPE|ECONNREFUSED|ETIMEDOUT|EHOSTUNREACH|PROTOCOL_CONNECTION_LOST)$/;

const passingCodes = /^((DB|SSH|REPL)_UNREACHABLE|DB_CONNECTIONS)$/;
/** An sshd that is just starting accepts a connection and drops it. */
const startsUp = /Connection lost before handshake/;

/** Interprets blue's answer to a SELECT. */
export function understood(error: unknown): unknown {
  return error instanceof ServerError && error.side === "blue" ? changedOr(error) : error;
}

/** Blue's answers about its tables. @throws DefinitionsChanged where one was dropped or replaced meanwhile */
export async function unlessChanged<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    throw changedOr(error);
  }
}

function changedOr(error: unknown): unknown {
  const { errno } = error as { errno?: number };
  return definitionErrors.has(errno ?? 0) ? new DefinitionsChanged(messageOf(error)) : error;
}

/** Whether a retry may succeed after a while. */
export function mayPass(error: unknown): boolean {
  if (error instanceof LinkError) return true;
  if (error instanceof ServerError) return passingErrors.has(error.errno);
  if (error instanceof WikiferryError) return passingCodes.test(error.code) || startsUp.test(error.found);
  const { code, errno, fatal, message } = error as {
    code?: string;
    errno?: number;
    fatal?: boolean;
    message?: string;
  };
  return (
    lostCodes.test(code ?? "") ||
    passingErrors.has(errno ?? 0) ||
    fatal === true ||
    /connection is in closed state|Not connected|No response from server|Channel open failure/i.test(
      message ?? "",
    )
  );
}

/** An error of a copy with its code and remedy. */
export function named(error: unknown): unknown {
  if (error instanceof WikiferryError) return error;
  if (error instanceof DefinitionsChanged) {
    return new WikiferryError(
      "COPY_DEFINITIONS_CHANGE",
      `tables on blue were repeatedly created, dropped or altered during the copy (${error.what})`,
      "Run again when nobody changes tables on blue",
      { cause: error },
    );
  }
  if (error instanceof ValuesChanged) {
    return new WikiferryError(
      "COPY_VALUES_CHANGE",
      `green would change some values of ${error.table} (${error.warnings} warnings), such as bytes that are invalid in the column's character set`,
      "Set copy.method to physical, or correct them on blue (CHECK: CONVERT(column USING binary))",
      { cause: error },
    );
  }
  const { errno, side } = error as { errno?: number; side?: string };
  if (isDiskFull(error)) {
    return new WikiferryError(
      "COPY_DISK_FULL",
      `${side ?? "green"}'s disk is full: ${messageOf(error)}`,
      "Free space there, then run again. The copy continues where it stopped",
      { cause: error },
    );
  }
  if (mayPass(error)) {
    return new WikiferryError(
      "COPY_LINK_LOST",
      `the connection to ${side ?? "a server"} broke and did not come back: ${messageOf(error)}`,
      "See that both servers run and can be reached, then run again. The copy continues where it stopped",
      { cause: error },
    );
  }
  if (side === "blue") {
    return new WikiferryError(
      "COPY_READ_FAILED",
      `blue's MariaDB did not deliver its rows: ${messageOf(error)}`,
      "See the reason, then run again. The copy continues where it stopped",
      { cause: error },
    );
  }
  if (errno !== undefined) {
    return new WikiferryError(
      "COPY_LOAD_FAILED",
      `green's MariaDB did not accept the copy: ${messageOf(error)}`,
      "See the reason, then run again. The copy continues where it stopped",
      { cause: error },
    );
  }
  return error;
}
