export interface Copied {
  /** In seconds. */
  seconds: number;
  /** Of our own process, in bytes. */
  peakMemoryBytes?: number;
}

/** One way to bring blue's database to an empty green. */
export interface Contender {
  name: string;
  /** Empties green and what the last copy left, outside of the time that is measured. */
  prepare(): Promise<void>;
  copy(): Promise<Copied>;
}
