/*
 * Constants that can't be measured before a move without writing. They were taken on 2 cores, with all servers in
 * containers on one machine, from copies of 5 and 60 MB in 7 and 57 tables and from the rehearsal's flips. Work times
 * are scaled by the machine's current speed, see `speedProbe`. To take them again: `npm run rehearsal`, then compare
 * the parts of the predictions with the facts in reports/rehearsal.json (`estimates`, and the steps of `flips`).
 */

/**
 * A loop whose duration shows how fast a server's machine is now, including its other load: `BENCHMARK(count,
 * SHA1(RAND()))`. `usualMs` is its duration on the idle machine of the other constants. `times` are spread over some
 * seconds, because other load comes and goes.
 */
export const speedProbe = { count: 100_000, usualMs: 54, times: 12, pauseMs: 60 };

/** A copy, in milliseconds of its own duration. */
export const copying = {
  /** Connections, snapshot, definitions, checkpoints. */
  startMs: 450,
  /** Creating one table, its ranges and its indexes, without the network to the servers. */
  tableMs: 8,
  /** The stream brings non-transactional tables into line, once for all of them. */
  looseMs: 800,
  /** Statements per table that wait for an answer, on either side. */
  tableRoundTrips: 6,
  /** Loading, with all workers and the indexes, in bytes of the source's tables per millisecond. */
  loadBytesPerMs: 68_000,
  /** Sessions that read at the same time. The sample is read by one. */
  readers: 3,
};

/** A physical copy, in milliseconds. Its files arrive at the rate of the network path, which is measured. */
export const takingFiles = {
  /** Starting mariadb-backup, preparing what came, and green's restart. An assumption. */
  startMs: 6_000,
};

/** Following, from the end of the copy until the lag is small. */
export const following = {
  /** Threads that start and connect, and the first heartbeat to arrive, in milliseconds. */
  startMs: 500,
  /** Transactions per second that a replica with relaxed durability applies. */
  appliedPerSecond: 4_000,
};

/**
 * A flip's write pause, step by step, in milliseconds of an idle machine on top of the measured round trips. They grow
 * a little when the machine is busy.
 */
export const pausing = {
  /** Setting `read_only` waits for commits under way. */
  fenceMs: 3,
  /** Runs beside ending the old primary's writers and the query for the last uploads. */
  positionMs: 3.5,
  /** The last transactions arrive and are applied. */
  applyMs: 5.5,
  /** Starting to apply, while rows and uploads are compared. */
  reverseMs: 10,
  /** Comparing the most recent changes, which starts when the stream is reversed. */
  verifyMs: 15,
  /** A commit with both logs flushed. */
  commitMs: 4,
  /** The commit arrives, is applied and flushed, and the server opens. */
  openMs: 5,
  /** How much longer MediaWiki takes to answer while edits wait than during a preview. */
  answerMs: 5,
  /** Used for what could not be asked, because it does not exist yet or does not answer. */
  usual: { roundTripMs: 3, webMs: 22, gateMs: 4, filesMs: 40, probeMs: 110 },
};
