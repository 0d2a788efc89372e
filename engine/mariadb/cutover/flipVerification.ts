import type { Side } from "../../move";

/** What came of a comparison of all that has changed since the last one. */
export interface Verified {
  /** Everything that changed up to here was the same on both. */
  to: string;
  /** Whether that is all that was asked for. */
  complete: boolean;
  /** Why not; empty if it is. */
  why: string;
  /** Rows compared since the comparison of the whole, each as often as it was. */
  rows: number;
  /** How long the last of them took, from when both stood still, in milliseconds. */
  ms: number;
  /** For how long the commit waited for it, so what it added to the write pause, in milliseconds. */
  addedMs: number;
}

/** Compares what changes between the last verification and the fence, so that it is complete when a flip is committed. */
export interface FlipVerification {
  /** Begins, while everybody goes on editing. */
  begin(from: Side, to: Side): Promise<void>;
  /** Waits until it has come up to now, or can't within its time. @throws `VERIFY_MISMATCH` */
  approach(): Promise<void>;
  /** Writes are about to be held: nothing long is begun any more. */
  rest(): void;
  /** Begins to compare the rest: both databases stand at `gtid`. */
  finish(gtid: string): void;
  /** What came of it; writes wait for that no longer than its bound. @throws `VERIFY_MISMATCH` */
  outcome(): Promise<Verified>;
}
