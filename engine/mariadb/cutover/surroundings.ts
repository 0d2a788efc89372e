import type { Side } from "../../move";

/**
 * What a flip needs around the databases: gate, jobs, caches, uploads. Each method returns when what it is to bring
 * about holds, throws when it can't, and does nothing where it holds already: a run that takes over from one that
 * was killed calls them again.
 */
export interface Surroundings {
  /**
   * Sends all page views to `from`, stops jobs on `from`, and makes `to` forget what it keeps about its database.
   * MediaWiki remembers "read-only" for 5 s in the WAN cache and 3 s in each process: nothing may ask it on `to` from
   * now until the database there is open, at least 8 s later, for which the lag gate's waiting provides.
   */
  quiesce(from: Side, to: Side): Promise<void>;
  /** Holds new writes at the gate, for clients to wait on. */
  hold(): Promise<void>;
  /** Waits for writes in flight. @returns how many were left after `timeoutMs` */
  drain(timeoutMs: number): Promise<number>;
  /** Copies the uploads that changed since the last round. Runs while nobody can upload, so it must be short. */
  lastFiles(from: Side, to: Side): Promise<void>;
  /** Waits until MediaWiki on `side` answers that it is not read-only. @throws when not within `timeoutMs` */
  awaitWritable(side: Side, timeoutMs: number): Promise<void>;
  /** Sends everything to `side`, page views and what was held too, in one step. */
  turn(side: Side): Promise<void>;
  /** Lets go of held writes, to whoever is served. */
  release(): Promise<void>;
  /** Starts jobs on `side`, stops them on the other, and copies uploads from `side` from now on. */
  resume(side: Side): Promise<void>;
}
