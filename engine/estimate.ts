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
