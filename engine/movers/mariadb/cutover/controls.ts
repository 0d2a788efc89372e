import type { Side } from "../../../move";

/**
 * What a flip needs around the databases: gate, jobs, caches, uploads. Each method returns when its goal holds, throws
 * when it can't be reached, and does nothing where it already holds, because a run that takes over from a killed one
 * calls the methods again.
 */
export interface Controls {
  /**
   * Sends all page views to `from`, stops jobs on `from`, and makes `to` forget what it caches about its database.
   * MediaWiki remembers "read-only" for 5 s in the WAN cache and 3 s in each process. So nothing may ask it on `to`
   * from now until the database there is open, at least 8 s later; the wait of the lag gate covers that.
   */
  quiesce(from: Side, to: Side): Promise<void>;
  /** Holds new writes at the gate. Clients wait. */
  hold(): Promise<void>;
  /** Waits for writes in flight. @returns how many were left after `timeoutMs` */
  drain(timeoutMs: number): Promise<number>;
  /** Copies the uploads that changed since the last pass. Runs while nobody can upload, so it must be short. */
  lastFiles(from: Side, to: Side): Promise<void>;
  /** Waits until MediaWiki on `side` reports that it is not read-only. @throws when not within `timeoutMs` */
  awaitWritable(side: Side, timeoutMs: number): Promise<void>;
  /** Sends everything to `side` in one step, page views and held writes included. */
  turn(side: Side): Promise<void>;
  /** Releases held writes to the serving side. */
  release(): Promise<void>;
  /** Starts jobs on `side`, stops them on the other, and copies uploads from `side` from now on. */
  resume(side: Side): Promise<void>;
}
