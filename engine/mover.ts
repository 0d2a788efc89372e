import type { Finding } from "./finding";
import type { Side } from "./move";

/** A part of a prediction. */
export interface Term {
  name: string;
  ms: number;
}

/** A duration that is expected, and what it is the sum of; in milliseconds. */
export interface Prediction {
  ms: number;
  terms: Term[];
}

/** A copy's size and duration before it starts. */
export interface Estimate {
  rows: number;
  bytes: number;
  /** Expected duration of the copy, in milliseconds. */
  copyMs: number;
  copy: Prediction;
  /** From the end of the copy until green is less than a second behind; undefined if blue writes faster than that. */
  catchUp: Prediction | undefined;
  /** What was measured for it, by name; rates in bytes a millisecond. */
  measured: Record<string, number | undefined>;
}

/**
 * What moves one kind of state. Each method checks its own result, can be called again after a kill, and does
 * nothing when what it is to bring about already holds. There is an implementation that acts and one that only
 * says what it would do; nothing inside either asks which it is.
 */
export interface Mover {
  readonly kind: string;
  /** Reads both sides and says what stands in the way. Never writes. */
  preflight(): Promise<Finding[]>;
  /** Changes on both sides that copying and following need. */
  prepare(): Promise<void>;
  /** Copies everything once; a finished copy is not repeated. */
  copy(): Promise<void>;
  /** Lets the passive side follow `from`. */
  follow(from: Side): Promise<void>;
  /** Compares both sides and records the result. */
  verify(): Promise<void>;
  /** Makes `side` refuse writes. */
  fence(side: Side): Promise<void>;
  /** Brings `to` to exactly the state in which `from` was fenced. */
  catchUp(from: Side, to: Side): Promise<void>;
  /** Lets `side` take writes. */
  promote(side: Side): Promise<void>;
  /** Lets `from` follow `to`, before `to` is promoted. */
  reverse(from: Side, to: Side): Promise<void>;
  /** Undoes what `fence`, `catchUp` and `reverse` did; `from` takes writes again. */
  abort(from: Side, to: Side): Promise<void>;
  /** Stops following for good. */
  retire(): Promise<void>;
}
