/*
 * What can't be measured before a move without writing, on 2 cores of an x86 server of 2023, all servers in containers
 * of one machine, under the rehearsal's load (5 edits/s, 6 page views/s). Times of work are scaled by the machine's
 * speed, see `speedProbe`. To calibrate them anew: `npm run rehearsal`, then compare the terms of the predictions with
 * the facts in reports/rehearsal.json (`estimates`).
 */

/**
 * A loop whose time tells how fast a server's machine is now, other work on it included: `BENCHMARK(count, SHA1(RAND()))`.
 * `usualMs` is what it took where the other constants were taken.
 */
export const speedProbe = { count: 200_000, usualMs: 75 };

/** A copy, in milliseconds of its own duration. */
export const copying = {
  /** Connections, snapshot, definitions, checkpoints. */
  startMs: 600,
  /** Making one table, its range checkpoints and its indexes, without the way to the servers. */
  tableMs: 18,
  /** Statements for each table that wait for an answer, on either side. */
  tableRoundTrips: 6,
  /** Loading with indexes, all workers together, in bytes of the source's tables a millisecond. */
  loadBytesPerMs: 14_000,
  /** Of the sample's time for reading, what a copy that reads in parallel and does not look into the rows needs. */
  readShare: 0.5,
};

/** Following, from the end of the copy until the lag is small. */
export const following = {
  /** Threads that start and connect, and the first heartbeat to arrive, in milliseconds. */
  startMs: 500,
  /** Transactions that a replica with relaxed durability applies, a second. */
  appliedPerSecond: 2_500,
};

/** A flip's write pause, step by step, in milliseconds on top of the measured round trips. */
export const pausing = {
  /** Setting `read_only` waits for commits under way. */
  fenceMs: 3,
  /** The last transactions arrive and are applied. */
  applyMs: 4,
  /** A thread that starts to apply. */
  reverseMs: 4,
  /** A commit with both logs flushed. */
  commitMs: 4,
  /** The commit arrives, is applied and flushed, and the server opens. */
  openMs: 5,
  /** Taken for what could not be asked: nothing is there yet, or it does not answer. */
  usual: { roundTripMs: 3, webMs: 22, gateMs: 4, filesMs: 40 },
};
