import { setTimeout as sleep } from "node:timers/promises";
import { WikiferryError } from "../../../errors";
import type { Report } from "../../../progress";
import type { Server, Session } from "../../../runtime/mariadb/server";
import { type CatchUpRate, catchUpRate, describeCatchUp, type ReplicaSample } from "./catchUpRate";
import { describeStop, wayOuts } from "./causes";
import { contains, distance, newest, parseGtid } from "./gtid";
import { beatIntervalMs, writeBeat } from "./lag";
import { positions, replicationStatus } from "./status";

export interface CatchUpOptions {
  /** Lag that counts as caught up, in milliseconds. Defaults to 1,000. */
  lagMs?: number;
  /** How long the replica may make no progress before this gives up, in milliseconds. Defaults to 900,000. */
  patienceMs?: number;
  /** Called about every 30 s, and once at the end. */
  meanwhile?(): Promise<unknown>;
  report: Report;
}

export interface CaughtUp {
  /** Transactions that it had to apply. */
  transactions: number;
  /** In milliseconds. */
  tookMs: number;
  /** At the end, in milliseconds. */
  lagMs: number;
  appliedPerSecond: number;
}

const sampleMs = 250;
const reportMs = 2_000;
const meanwhileMs = 30_000;

/**
 * Waits until a following replica has caught up, with heartbeats on the source every 250 ms, and reports its progress.
 * @throws the cause (`REPL_*`) as soon as the replica stops; `REPL_FALLS_BEHIND` when it does not come nearer
 */
export async function catchUp(
  replica: Server,
  source: Server,
  { lagMs = 1_000, patienceMs = 900_000, meanwhile, report }: CatchUpOptions,
): Promise<CaughtUp> {
  const beats = new Beats(source);
  const samples: ReplicaSample[] = [];
  const begin = await positions(replica);
  let reportedAt = performance.now();
  let meanwhileAt = performance.now();
  let nearest = { behind: Number.POSITIVE_INFINITY, at: performance.now() };
  try {
    const firstBeat = await beats.start();
    for (;;) {
      const sample = await look(replica, source, begin.applied);
      samples.push(sample);
      if (samples.length > 2_000) samples.splice(1, 1_000);
      const rate = catchUpRate(samples) as CatchUpRate;
      const now = performance.now();
      if (sample.behind < nearest.behind) nearest = { behind: sample.behind, at: now };
      beats.check();
      // A stream that has just broken looks like one with a small lag, until a current beat fails to arrive.
      if (sample.lagMs <= lagMs && sample.beat >= firstBeat && sample.receiving) {
        await meanwhile?.();
        return {
          transactions: sample.applied,
          tookMs: Math.round(sample.atMs - (samples[0] as ReplicaSample).atMs),
          lagMs: Math.round(sample.lagMs),
          appliedPerSecond: rate.appliedPerSecond,
        };
      }
      if (now - nearest.at > patienceMs) throw fallsBehind(replica, source, rate, patienceMs);
      if (now - reportedAt >= reportMs) {
        reportedAt = now;
        // 0 and 100 are reserved for a step that begins or ends.
        const percent = Math.min(99, Math.max(1, rate.percent));
        report({ step: "replication", message: `${replica.side} is ${describeCatchUp(rate)}`, percent });
      }
      if (now - meanwhileAt >= meanwhileMs) {
        meanwhileAt = now;
        await meanwhile?.();
      }
      await sleep(sampleMs);
    }
  } finally {
    await beats.stop();
  }
}

interface Look extends ReplicaSample {
  /** Number of the newest heartbeat that the replica has. */
  beat: number;
  /** Whether it is connected to its source. */
  receiving: boolean;
}

/**
 * The replica's progress, as long as it follows. Never writes.
 * @param since The position from which applied transactions are counted.
 * @throws the cause (`REPL_*`)
 */
export async function look(replica: Server, source: Server, since: string): Promise<Look> {
  // The source first, so that what it gets meanwhile does not count against the replica.
  const [there, now] = await Promise.all([
    positions(source),
    source.value("SELECT UNIX_TIMESTAMP(UTC_TIMESTAMP(6))"),
  ]);
  const [status, here, beat] = await Promise.all([
    replicationStatus(replica),
    positions(replica),
    replica.row<{ at: string; beat: string }>(
      "SELECT UNIX_TIMESTAMP(beat_at) AS at, beat FROM wikiferry.heartbeat WHERE id = 1",
    ),
  ]);
  // A thread that only tries to reach its source keeps trying until it can.
  if (!status || (status.cause && status.cause !== "REPL_UNREACHABLE")) {
    const code = status?.cause ?? "REPL_STOPPED";
    throw new WikiferryError(
      code,
      `${replica.side} stopped following ${source.side}: ${describeStop(status)}`,
      wayOuts[code],
    );
  }
  const applied = newest(here.applied, here.binlog);
  return {
    atMs: performance.now(),
    behind: Number(contains(applied, there.binlog) ? 0n : distance(applied, there.binlog)),
    applied: Number(sequenceSum(applied) - sequenceSum(since)),
    lagMs: Math.max(0, (Number(now) - Number(beat?.at ?? 0)) * 1000),
    beat: Number(beat?.beat ?? 0),
    receiving: status.io === "yes",
  };
}

function sequenceSum(position: string): bigint {
  return [...parseGtid(position).values()].reduce((sum, { sequence }) => sum + sequence, 0n);
}

function fallsBehind(replica: Server, source: Server, rate: CatchUpRate, patienceMs: number): WikiferryError {
  return new WikiferryError(
    "REPL_FALLS_BEHIND",
    `${replica.side} has not come nearer to ${source.side} for ${Math.round(patienceMs / 60_000)} min: it is ${describeCatchUp(rate)}`,
    "It keeps following. Give it a faster disk or more memory (green.database.bufferPoolSize), or run again at a quieter time",
  );
}

/** Heartbeats on the source, whether or not the replica keeps up with them. */
class Beats {
  private session: Session | undefined;
  private stopped = false;
  private running: Promise<void> = Promise.resolve();
  private failure: unknown;

  constructor(private readonly source: Server) {}

  /** Returns after the first beat, with its number. @throws `CTRL_HEARTBEAT_MISSING` */
  async start(): Promise<number> {
    this.session = await this.source.open();
    await writeBeat(this.session);
    const first = await this.session.value("SELECT beat FROM wikiferry.heartbeat WHERE id = 1");
    this.running = this.loop(this.session);
    return Number(first);
  }

  /** @throws what ended them */
  check(): void {
    if (this.failure) throw this.failure;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
    this.session?.destroy();
  }

  private async loop(session: Session): Promise<void> {
    try {
      while (!this.stopped) {
        await sleep(beatIntervalMs);
        if (!this.stopped) await writeBeat(session);
      }
    } catch (error) {
      this.failure = error;
    }
  }
}
