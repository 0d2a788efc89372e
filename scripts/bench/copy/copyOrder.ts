import type { MoveSpec, Secrets } from "../../../engine/move";

/** What the child is told. */
export interface CopyOrder {
  spec: MoveSpec;
  secrets: Secrets;
}

/** What it answers. */
export interface CopyOutcome {
  /** From the call to its return, in seconds. */
  seconds: number;
  /** Largest resident set of the process, in bytes. */
  peakMemoryBytes: number;
  error?: string;
}
