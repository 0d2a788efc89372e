/*
 * What can't be measured before a move without writing. Taken on 2 cores, all servers in containers of one machine, by
 * copies of 5 and 60 MB in 7 and 57 tables and by the rehearsal's flips. Times of work are scaled by the machine's
 * speed at that moment, see `speedProbe`. To take them anew: `npm run rehearsal`, then compare the parts of the
 * predictions with the facts in reports/rehearsal.json (`estimates`, and the steps of `flips`).
 */

/**
 * A loop whose time tells how fast a server's machine is now, other work on it included: `BENCHMARK(count, SHA1(RAND()))`.
 * `usualMs` is what it took on the machine of the other constants while it was idle; `times` are taken over some
 * seconds, since other work comes and goes.
 */
export const speedProbe = { count: 100_000, usualMs: 54, times: 12, pauseMs: 60 };

/** A copy, in milliseconds of its own duration. */
export const copying = {
  /** Connections, snapshot, definitions, checkpoints. */
  startMs: 450,
  /** Making one table, its ranges and its indexes, without the way to the servers. */
  tableMs: 8,
  /** Tables outside of transactions are brought into line by the stream, once for all of them. */
  looseMs: 800,
  /** Statements for each table that wait for an answer, on either side. */
  tableRoundTrips: 6,
  /** Loading, all workers and the indexes together, in bytes of the source's tables a millisecond. */
  loadBytesPerMs: 68_000,
  /** Sessions that read at the same time; the sample is read by one. */
  readers: 3,
};

/** A physical copy, in milliseconds: its files come at the rate of the way, which is measured. */
export const takingFiles = {
  /** Starting mariadb-backup, preparing what came, and green's restart. An assumption. */
  startMs: 6_000,
};

/** Following, from the end of the copy until the lag is small. */
export const following = {
  /** Threads that start and connect, and the first heartbeat to arrive, in milliseconds. */
  startMs: 500,
  /** Transactions that a replica with relaxed durability applies, a second. */
  appliedPerSecond: 4_000,
};

/**
 * A flip's write pause, step by step, in milliseconds of an idle machine on top of the measured round trips; they grow
 * a little as the machine is busy.
 */
export const pausing = {
  /** Setting `read_only` waits for commits under way. */
  fenceMs: 3,
  /** Beside the end of the old primary's writers and the question for the last uploads. */
  positionMs: 3.5,
  /** The last transactions arrive and are applied. */
  applyMs: 5.5,
  /** A thread that starts to apply, while rows and uploads are compared. */
  reverseMs: 10,
  /** Comparing what changed last, which begins with the stream's turn. */
  verifyMs: 15,
  /** A commit with both logs flushed. */
  commitMs: 4,
  /** The commit arrives, is applied and flushed, and the server opens. */
  openMs: 5,
  /** What MediaWiki's answer takes longer while edits wait than in a preview. */
  answerMs: 5,
  /** Taken for what could not be asked: nothing is there yet, or it does not answer. */
  usual: { roundTripMs: 3, webMs: 22, gateMs: 4, filesMs: 40, probeMs: 110 },
};
