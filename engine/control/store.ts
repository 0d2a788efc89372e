import { WikiferryError } from "../errors";
import type { Side } from "../move";
import type { RoleClaim } from "./primary";

/**
 * Where a move keeps what must outlive the run: who works on it, who is the primary, how far it has come, and what
 * happened. Each method can be called again after a kill at any point.
 */
export interface ControlStore {
  readonly lease: LeaseStore;
  readonly role: RoleStore;
  readonly checkpoints: CheckpointStore;
  readonly journal: JournalStore;
}

export interface Lease {
  /** Names a run, such as `host:pid:random`; no two runs have the same. */
  holder: string;
  purpose: string;
  /** The epoch that its holder may commit; 0 for none. */
  epoch: number;
  /** Left until it ends, by the store's clock, in milliseconds; 0 or less once it has ended. */
  leftMs: number;
}

export interface LeaseWish {
  holder: string;
  purpose: string;
  epoch: number;
  /** From now on, in milliseconds. */
  durationMs: number;
}

/** One run's right to act, which ends by itself. The store decides, by its own clock, so that of two runs one wins. */
export interface LeaseStore {
  /** The lease, ended or not; undefined if there never was one. Never writes. */
  read(): Promise<Lease | undefined>;
  /**
   * Takes the lease, or prolongs it for its own holder.
   * @returns The lease that stands in the way, another's or one that was over at once; undefined when it was taken.
   */
  take(wish: LeaseWish): Promise<Lease | undefined>;
  /**
   * Prolongs the lease of `holder` to `durationMs` from now; with `aim` it is for that from now on.
   * @throws `CTRL_LEASE_LOST` when it has ended, even if nobody else took it
   */
  renew(holder: string, durationMs: number, aim?: { purpose: string; epoch: number }): Promise<void>;
  /** Ends the lease of `holder`; another's stays. */
  release(holder: string): Promise<void>;
}

/** Who is the primary: the commit record of all flips. */
export interface RoleRecord extends RoleClaim {
  /** The move's name: a store serves one move. */
  name: string;
  /** UTC, `YYYY-MM-DD hh:mm:ss.fff`. */
  changedAt: string;
}

export interface RoleStore {
  /** Undefined before `init`. Never writes. */
  read(): Promise<RoleRecord | undefined>;
  /**
   * Writes the first record, at epoch 0; one that is there stays as it is.
   * @throws `CTRL_OTHER_MOVE` or `CTRL_OTHER_WIKI` when the store serves another move
   */
  init(first: { name: string; role: Side }): Promise<RoleRecord>;
  /**
   * Makes `next.role` the primary: one atomic change, on disk when this returns. The record must be the expected one,
   * and `next.holder` must hold a lease for the epoch after it.
   * @returns the record, its epoch one higher
   * @throws `CTRL_COMMIT_REFUSED`; nothing is changed then
   */
  commit(expected: RoleClaim, next: { role: Side; holder: string }): Promise<RoleRecord>;
}

/** How far a step has come, for the run that takes it up again. */
export interface Checkpoint {
  state: string;
  /** Where the source stood, such as a GTID; empty if the step has none. */
  position: string;
  detail: Record<string, unknown>;
  /** UTC, `YYYY-MM-DD hh:mm:ss.fff`. */
  updatedAt: string;
}

export interface CheckpointStore {
  /** Never writes. */
  get(name: string): Promise<Checkpoint | undefined>;
  set(
    name: string,
    checkpoint: { state: string; position?: string; detail?: Record<string, unknown> },
  ): Promise<void>;
}

/** What was done, where. `detail` must be free of secrets. */
export interface JournalEntry {
  /** The step, such as `adopt` or `fence`. */
  step: string;
  side?: Side;
  /** The host on which it was done. */
  host?: string;
  /** What happened, such as `restarted MariaDB`. */
  event: string;
  detail?: Record<string, unknown>;
}

export interface JournalRecord extends JournalEntry {
  /** UTC, ISO 8601, by the clock of the machine that ran the tool. */
  at: string;
}

export interface JournalStore {
  append(entry: JournalEntry): Promise<void>;
  /** Oldest first. Never writes. */
  read(): Promise<JournalRecord[]>;
}

export function leaseHeld(other: Lease, wantedBy: string): WikiferryError {
  return new WikiferryError(
    "CTRL_LEASE_HELD",
    `${other.holder} is working on this move (${other.purpose}), wanted by ${wantedBy}`,
    `Wait until that run has ended; a run that died lets go by itself in ${Math.max(1, Math.ceil(other.leftMs / 1000))} s`,
  );
}

/** @param on Where the lease was. */
export function leaseLost(holder: string, on: string, now: Lease | undefined): WikiferryError {
  const taker = now && now.holder !== holder ? `, and went to ${now.holder}` : "";
  return new WikiferryError(
    "CTRL_LEASE_LOST",
    `the lease of ${holder} on ${on} has ended${taker}`,
    "Nothing further was done under it; run again",
  );
}

/** @param on Where it was to be committed. */
export function commitRefused(
  on: string,
  wanted: { role: Side; epoch: number; holder: string },
  now: RoleClaim | undefined,
): WikiferryError {
  return new WikiferryError(
    "CTRL_COMMIT_REFUSED",
    `${on} did not make ${wanted.role} the primary at epoch ${wanted.epoch}: the record says ${now?.role ?? "nothing"} at epoch ${now?.epoch ?? "none"}, or the lease of ${wanted.holder} has ended`,
    "Nothing was committed; run again",
  );
}
