/**
 * What happens to a blocking condition when nobody acts:
 *
 * - `passes`: it ends by itself. It forbids a flip at that moment, but no phase.
 * - `every run`: each run that reaches phase `switch` repairs it or waits for it: following again, full durability, a
 *   closed primary or a ring that a killed run left behind, another run's lease, containers that do not exist yet. Or
 *   it does not matter before a flip, which compares again.
 * - `flip`: repaired only right before a flip.
 */
export type Lasting = "passes" | "every run" | "flip";

/** Codes that are not listed here last until someone fixes what they name. */
const lasting: Readonly<Record<string, Lasting>> = {
  PRIMARY_LAG: "passes",
  WORK_LONG_TRANSACTION: "passes",
  WORK_DDL: "passes",
  WORK_TABLE_LOCK: "passes",
  WORK_BACKUP: "passes",
  WORK_DUMP: "passes",
  RIGHTS_PRIVILEGED_SESSION: "passes",
  RIGHTS_PRIVILEGED_WRITER: "passes",
  CTRL_CLOCK: "passes",
  APP_JOBS: "passes",
  APP_SLOW: "passes",
  DB_UNREACHABLE: "passes",
  REPL_STOPPED: "every run",
  REPL_ACCESS_DENIED: "every run",
  REPL_TLS: "every run",
  REPL_UNREACHABLE: "every run",
  REPL_IO: "every run",
  REPL_SOURCE: "every run",
  REPL_RING: "every run",
  REPL_DURABILITY: "every run",
  VERIFY_MISSING: "every run",
  VERIFY_STALE: "every run",
  PRIMARY_READ_ONLY: "every run",
  PRIMARY_SECOND_WRITER: "every run",
  CTRL_LEASE_HELD: "every run",
  CTRL_EVENTS: "every run",
  CONTAINER_MISSING: "every run",
  WEB_UNREACHABLE: "every run",
  VERIFY_MISMATCH: "flip",
};

/** Undefined for a lasting condition. */
export function lastingOf(code: string): Lasting | undefined {
  return lasting[code];
}

/** Every code whose condition does not last. */
export const passingCodes: readonly string[] = Object.keys(lasting);
