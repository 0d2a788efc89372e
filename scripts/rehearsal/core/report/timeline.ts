import type { Side } from "../../../../engine/move";
import { median } from "../../../common/median";
import { type RequestRecord, reading, readRequests } from "../load/requestLog";

/** How far a timeline reaches to either side, in milliseconds. */
export const TIMELINE_REACH_MS = 15_000;

/** Requests around a flip; times count from the start of its write pause. */
export interface Timeline {
  fromMs: number;
  toMs: number;
  requests: { startMs: number; latencyMs: number; kind: string; ok: boolean; side?: string }[];
}

/** The requests that were under way within 15 s of a flip. Pure. */
export function timelineOf(requests: RequestRecord[], pauseStartedAtMs: number): Timeline {
  const [fromMs, toMs] = [-TIMELINE_REACH_MS, TIMELINE_REACH_MS];
  return {
    fromMs,
    toMs,
    requests: requests
      .map(({ startedAtMs, ...request }) => ({ startMs: startedAtMs - pauseStartedAtMs, ...request }))
      .filter(({ startMs, latencyMs }) => startMs <= toMs && startMs + latencyMs >= fromMs)
      .sort((a, b) => a.startMs - b.startMs),
  };
}

/** The same from the load's request log. */
export function readTimeline(requestsFile: string, pauseStartedAtMs: number): Timeline {
  const from = pauseStartedAtMs - TIMELINE_REACH_MS;
  return timelineOf(readRequests(requestsFile, from, from + 2 * TIMELINE_REACH_MS), pauseStartedAtMs);
}

/** Writes that were under way during the pause, so were held or finished just before it. */
export function heldWrites(timeline: Timeline, writePauseMs: number): Timeline["requests"] {
  return timeline.requests.filter(
    ({ kind, startMs, latencyMs }) => kind !== reading && startMs < writePauseMs && startMs + latencyMs > 0,
  );
}

/**
 * From the last save that `from` confirmed to the first that `to` confirmed, as clients saw their answers, in
 * milliseconds; undefined where nobody saved on one of the two.
 */
export function confirmedGapMs(timeline: Timeline, from: Side, to: Side): number | undefined {
  const answeredAt = (side: Side) =>
    timeline.requests
      .filter((request) => request.kind !== reading && request.ok && request.side === side)
      .map(({ startMs, latencyMs }) => startMs + latencyMs);
  const [before, after] = [answeredAt(from), answeredAt(to)];
  if (before.length === 0 || after.length === 0) return undefined;
  return Math.round(Math.min(...after) - Math.max(...before));
}

/** How far before and after a pause `feltOf` looks, in milliseconds. */
export const FELT_REACH_MS = 10_000;

/** What requests took in the median before and after a pause, in milliseconds, by their names in the report. */
export type Felt = Record<string, { beforeMs: number; afterMs: number }>;

/**
 * What people felt of a flip beside its pause: how long requests took in the 10 s before and after it. Undefined where
 * one kind was not seen on both sides.
 * @param kinds The kinds to tell of, by their names in the report.
 */
export function feltOf(
  { requests }: Timeline,
  writePauseMs: number,
  kinds: Readonly<Record<string, string>>,
): Felt | undefined {
  const took = (kind: string, fromMs: number, toMs: number) =>
    Math.round(
      median(
        requests
          .filter((request) => request.kind === kind && request.startMs >= fromMs && request.startMs < toMs)
          .map(({ latencyMs }) => latencyMs),
      ),
    );
  const felt = Object.entries(kinds).map(
    ([name, kind]) =>
      [
        name,
        {
          beforeMs: took(kind, -FELT_REACH_MS, 0),
          afterMs: took(kind, writePauseMs, writePauseMs + FELT_REACH_MS),
        },
      ] as const,
  );
  const seen = felt.every(([, { beforeMs, afterMs }]) => !Number.isNaN(beforeMs) && !Number.isNaN(afterMs));
  return seen ? Object.fromEntries(felt) : undefined;
}
