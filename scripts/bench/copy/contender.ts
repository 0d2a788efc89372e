export interface Copied {
  /** In seconds. */
  seconds: number;
  /** Of our own process, in bytes. */
  peakMemoryBytes?: number;
}

/** One way to copy blue's database to an empty green. */
export interface Contender {
  name: string;
  /** Empties green and removes what the last copy left, outside of the measured time. */
  prepare(): Promise<void>;
  copy(): Promise<Copied>;
}
