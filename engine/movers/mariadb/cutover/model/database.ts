import type { LeaseFact, RoleFact } from "../../fencing/conditions";

/**
 * A lease is live, or over by the clock (a clock that is set back makes it live again), or ended by an update of its
 * row.
 */
export type LeaseState = "live" | "over" | "ended";

/** The part of a database that concerns a flip. */
export interface Database {
  up: boolean;
  readOnly: boolean;
  role: RoleFact;
  lease: { holder: string; epoch: number; state: LeaseState };
  /** Its binary log: a letter for each write of the wiki, a digit for each commit. Its content is on disk. */
  log: string;
  /** Whether the other side is set as its source. */
  source: boolean;
  /** Whether its replication threads run. */
  running: boolean;
  /** How much of the other's log it has received. After a crash the rest is received again. */
  received: number;
}

export function leaseFact(database: Database): LeaseFact {
  const { holder, epoch, state } = database.lease;
  return { holder, epoch, live: state === "live" };
}

export function isOpen(database: Database): boolean {
  return database.up && !database.readOnly;
}
