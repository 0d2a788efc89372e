import { duration } from "../../../format";

/** The positions of a replica and its source at one moment. */
export interface ReplicaSample {
  /** From a monotonic clock, in milliseconds. */
  atMs: number;
  /** Transactions that the source has and the replica lacks. */
  behind: number;
  /** Transactions that the replica has applied since the first sample. */
  applied: number;
  /** Age of the newest heartbeat that the replica has, by the source's clock, in milliseconds. */
  lagMs: number;
}

/** How fast a replica catches up with its source. */
export interface CatchUpRate {
  behind: number;
  lagMs: number;
  appliedPerSecond: number;
  /** What the source gets meanwhile. */
  writtenPerSecond: number;
  /** Until it has caught up, in milliseconds; undefined while it does not come nearer, or nothing is known yet. */
  leftMs: number | undefined;
  /** Share of the distance since the first sample, 0 to 100. */
  percent: number;
}

/** Rates are averaged over this many milliseconds: long enough to be steady, short enough to follow the wiki's day. */
const windowMs = 30_000;

/** Rates and time left from samples in the order of time; undefined without any. */
export function catchUpRate(samples: readonly ReplicaSample[]): CatchUpRate | undefined {
  const first = samples[0];
  const last = samples.at(-1);
  if (!first || !last) return undefined;
  const since = samples.find(({ atMs }) => atMs >= last.atMs - windowMs) ?? first;
  const elapsedMs = last.atMs - since.atMs;
  const perMs = (n: number) => (elapsedMs > 0 ? n / elapsedMs : 0);
  const applied = perMs(last.applied - since.applied);
  const nearer = perMs(since.behind - last.behind);
  const most = Math.max(...samples.map(({ behind }) => behind));
  return {
    behind: last.behind,
    lagMs: last.lagMs,
    appliedPerSecond: Math.round(applied * 1000),
    writtenPerSecond: Math.max(0, Math.round((applied - nearer) * 1000)),
    leftMs: last.behind === 0 ? 0 : nearer > 0 ? Math.ceil(last.behind / nearer) : undefined,
    percent: most === 0 ? 100 : Math.floor((100 * (most - last.behind)) / most),
  };
}

/** One line for people. */
export function describeCatchUp({
  behind,
  lagMs,
  appliedPerSecond,
  writtenPerSecond,
  leftMs,
}: CatchUpRate): string {
  const left = leftMs === undefined ? "does not come nearer" : `${duration(leftMs)} left`;
  return `${behind} transactions behind (${duration(lagMs)}), applies ${appliedPerSecond}/s of ${writtenPerSecond}/s new ones, ${left}`;
}
