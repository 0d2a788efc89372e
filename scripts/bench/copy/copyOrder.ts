import type { MoveSpec, Secrets } from "../../../engine/move";

/** The order that the child receives. */
export interface CopyOrder {
  spec: MoveSpec;
  secrets: Secrets;
}

/** The child's answer. */
export interface CopyOutcome {
  /** From the call to its return, in seconds. */
  seconds: number;
  /** Largest resident set of the process, in bytes. */
  peakMemoryBytes: number;
  error?: string;
}
