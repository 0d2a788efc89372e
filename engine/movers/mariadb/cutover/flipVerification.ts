import type { Side } from "../../../move";

/** The result of comparing everything that has changed since the last comparison. */
export interface Verified {
  /** Everything that changed up to here was the same on both sides. */
  to: string;
  /** Whether that covers all that was asked for. */
  complete: boolean;
  /** Why not; empty if it does. */
  why: string;
  /** Rows compared since the comparison of the whole database, counted each time. */
  rows: number;
  /** How long the last of them took once both sides stood still, in milliseconds. */
  ms: number;
  /** How long the commit waited for it, in other words what it added to the write pause, in milliseconds. */
  addedMs: number;
}

/**
 * Compares what changes between the last verification and the fence, so that the verification is complete when a flip
 * is committed.
 */
export interface FlipVerification {
  /** Starts, while everybody goes on editing. */
  begin(from: Side, to: Side): Promise<void>;
  /** Waits until it has caught up, or can't within its time. @throws `VERIFY_MISMATCH` */
  approach(): Promise<void>;
  /** Writes are about to be held, so nothing long is started any more. */
  rest(): void;
  /** Starts to compare the rest: both databases stand at `gtid`. */
  finish(gtid: string): void;
  /** The result. Writes wait for it no longer than its bound. @throws `VERIFY_MISMATCH` */
  outcome(): Promise<Verified>;
}
