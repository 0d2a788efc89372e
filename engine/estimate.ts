/** A part of a prediction. */
export interface Term {
  name: string;
  ms: number;
}

/** An expected duration and its parts, in milliseconds. */
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
  /**
   * From the end of the copy until green is less than a second behind. Undefined if blue writes faster than green
   * applies.
   */
  catchUp: Prediction | undefined;
  /** The measurements behind it, by name. Rates are in bytes per millisecond. */
  measured: Record<string, number | undefined>;
}
