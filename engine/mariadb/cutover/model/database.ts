import type { LeaseFact, RoleFact } from "../../rule/rule";

/** A lease is live; over by the clock, which a clock that is set back makes live again; or ended by an update of its row. */
export type LeaseState = "live" | "over" | "ended";

/** One database, as far as a flip concerns it. */
export interface Database {
  up: boolean;
  readOnly: boolean;
  role: RoleFact;
  lease: { holder: string; epoch: number; state: LeaseState };
  /** Its binary log: a letter for each write of the wiki, a digit for each commit. What is in it is on disk. */
  log: string;
  /** Whether the other side is set as its source. */
  source: boolean;
  /** Whether its replication threads run. */
  running: boolean;
  /** How much of the other's log it has received; the rest of a crash is received anew. */
  received: number;
}

export function leaseFact(database: Database): LeaseFact {
  const { holder, epoch, state } = database.lease;
  return { holder, epoch, live: state === "live" };
}

export function isOpen(database: Database): boolean {
  return database.up && !database.readOnly;
}
