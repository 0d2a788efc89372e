import type { Side } from "../../../engine/move";
import type { FlipResult } from "../../../engine/movers/mariadb/cutover/context";
import type { LoadRecords } from "./load/records";

/** Of a distribution, in milliseconds. */
export interface Spread {
  p50: number;
  p99: number;
  max: number;
}

/**
 * The value that `percent` of all values do not exceed, by nearest rank. It is always a measured value, and for p99 of
 * fewer than 100 values the largest.
 */
export function percentile(values: readonly number[], percent: number): number {
  if (values.length === 0) return Number.NaN;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] as number;
}

export function spreadOf(values: readonly number[]): Spread {
  return {
    p50: tenths(percentile(values, 50)),
    p99: tenths(percentile(values, 99)),
    max: tenths(percentile(values, 100)),
  };
}

export function longest(values: readonly number[]): number {
  return tenths(values.reduce((a, b) => Math.max(a, b), 0));
}

/**
 * From the last write that `from` acknowledged to the first that `to` did, by one clock, in milliseconds.
 * @throws when one of them acknowledged none: then there is no pause to measure
 */
export function pauseOf(records: LoadRecords, from: Side, to: Side): number {
  const { last, first } = handOver(records, from, to);
  return first - last;
}

/** When the old side acknowledged its last write and the new one its first, in milliseconds since 1970. */
export function handOver(records: LoadRecords, from: Side, to: Side): { last: number; first: number } {
  let last = Number.NEGATIVE_INFINITY;
  let first = Number.POSITIVE_INFINITY;
  for (const { side, endedAt } of records.edits) {
    if (side === from) last = Math.max(last, endedAt);
    else if (side === to) first = Math.min(first, endedAt);
  }
  if (Number.isFinite(last) && Number.isFinite(first)) return { last, first };
  throw new Error(`${Number.isFinite(last) ? to : from} acknowledged no write around the flip`);
}

/** One flip as the engine and the clients saw it. */
export interface Flipped {
  pauseMs: number;
  steps: { name: string; ms: number }[];
}

/**
 * The engine's steps, and around them what only the clients can see: the time from the last acknowledgement to the
 * fence, and from the release to the first acknowledgement.
 */
export function stepsOf(result: FlipResult, around: { last: number; first: number }): Flipped["steps"] {
  const releasedAt = result.fencedAtMs + result.writePauseMs;
  return [
    { name: "last acknowledgement to fence", ms: Math.max(0, result.fencedAtMs - around.last) },
    ...result.steps,
    { name: "release to first acknowledgement", ms: Math.max(0, around.first - releasedAt) },
  ];
}

/** Over all flips, each step by name, in the order of occurrence. */
export function stepSpreads(flips: readonly Flipped[]): ({ name: string } & Spread)[] {
  const byName = new Map<string, number[]>();
  for (const { steps } of flips) {
    for (const { name, ms } of steps) byName.set(name, [...(byName.get(name) ?? []), ms]);
  }
  return [...byName].map(([name, values]) => ({ name, ...spreadOf(values) }));
}

/** Durations of the page views that were under way between two moments (since 1970), in milliseconds. */
export function viewsBetween(records: LoadRecords, fromMs: number, toMs: number): number[] {
  return records.views
    .filter(({ startedAt, endedAt }) => startedAt <= toMs && endedAt >= fromMs)
    .map(({ startedAt, endedAt }) => endedAt - startedAt);
}

/** How many durations, taken within `withinMs`, exceeded `overMs`, per minute. */
export function perMinuteOver(values: readonly number[], overMs: number, withinMs: number): number {
  return tenths((values.filter((value) => value > overMs).length * 60_000) / withinMs);
}

/**
 * In how many of `times` cases the first of three values is the longest by chance alone, in 19 of 20 experiments: the
 * normal approximation of the binomial distribution.
 */
export function byChanceOfThree(times: number): { from: number; to: number } {
  const spread = 1.96 * Math.sqrt((times * 2) / 9);
  return { from: Math.max(0, Math.ceil(times / 3 - spread)), to: Math.floor(times / 3 + spread) };
}

/** Ids among `wanted` that do not occur exactly once in `found`. */
export function amiss(wanted: Iterable<number>, found: Iterable<number>): number[] {
  const count = new Map<number, number>();
  for (const id of found) count.set(id, (count.get(id) ?? 0) + 1);
  return [...wanted].filter((id) => count.get(id) !== 1);
}

function tenths(ms: number): number {
  return Math.round(ms * 10) / 10;
}
