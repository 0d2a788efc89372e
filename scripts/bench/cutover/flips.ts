import { setTimeout as sleep } from "node:timers/promises";
import { Journal } from "../../../engine/control/mariadb/journal";
import { type CutoverLimits, otherSide, type Side } from "../../../engine/move";
import type { CutoverContext } from "../../../engine/movers/mariadb/cutover/context";
import { cutover } from "../../../engine/movers/mariadb/cutover/cutover";
import { BenchControls } from "./controls";
import { type Flipped, handOver, stepsOf, viewsBetween } from "./figures";
import type { Lab } from "./lab";
import type { Ledger } from "./ledger";
import { say } from "./say";

/** As in production, except for the time of small lag, which lies before the pause and is an option. */
const limits: Omit<CutoverLimits, "lagStableMs"> = {
  maxLagMs: 100,
  lagWaitMs: 60_000,
  drainMs: 2_000,
  catchUpMs: 5_000,
  attemptMs: 8_000,
  longTransactionMs: 1_000,
  verificationMaxAgeMs: 600_000,
};

/** Between two flips, in milliseconds. */
const restMs = 300;
/** The assumed length of a flip, beside the time of small lag, until the first one tells; in milliseconds. */
const usualMs = 700;

export interface Series {
  flips: Flipped[];
  /** Acknowledged writes, from the first flip's beginning to the last one's end, pauses included. */
  writesPerSecond: number;
  ledger: Ledger;
  /**
   * For each flip, the durations of page views that were under way in it, and in equal stretches before and after it.
   */
  views: { flipping: number[][]; before: number[][]; after: number[][] };
  /** Total duration of all flips, in milliseconds. */
  flippingMs: number;
  /**
   * All calm stretches: their total length, the duration of each page view, and that of each write, below which no
   * pause can be. In milliseconds.
   */
  calm: { ms: number; views: number[]; edits: number[] };
}

export interface FlipOrder {
  /** How many, an even number. */
  flips: number;
  /** Writes per second that the clients aim for. */
  rate: number;
  /** How long the lag must have been small before each, in milliseconds. */
  stableMs: number;
  /** How long nothing happens before each flip, and after it, at least; no shorter than the flip; in milliseconds. */
  calmMs: number;
  /** The name of a flip in progress messages. */
  called: string;
  /** Takes what the clients recorded. */
  ledger: Ledger;
}

/**
 * Cutovers and switchbacks in turn, each between two calm stretches. The first stretch contains what checking the
 * previous flip left behind, the second what the flip itself left behind.
 */
export async function flipToAndFro(
  lab: Lab,
  { flips, rate, stableMs, calmMs, called, ledger }: FlipOrder,
): Promise<Series> {
  const ctx: CutoverContext = {
    servers: { blue: lab.pair.blue, green: lab.pair.green },
    database: lab.pair.database,
    appUser: "wikiuser",
    replicationPassword: lab.pair.replicationPassword,
    limits: { ...limits, lagStableMs: stableMs },
    controls: new BenchControls(lab.gate, lab.apps, limits.attemptMs),
    journal: new Journal(lab.pair.green),
    holder: `bench:${process.pid}`,
    report: () => {},
    findBlockers: async () => [],
  };
  const series: Series = {
    flips: [],
    writesPerSecond: 0,
    ledger,
    views: { flipping: [], before: [], after: [] },
    flippingMs: 0,
    calm: { ms: 0, views: [], edits: [] },
  };
  let from: Side = "blue";
  let lengthMs = stableMs + usualMs;
  await sleep(1_000);
  series.ledger.enter(await lab.load.take());
  const startedAt = epochMs();
  const before = series.ledger.acknowledged;
  for (let n = 1; n <= flips; n++) {
    const to = otherSide(from);
    const calmAtLeast = Math.max(calmMs, lengthMs);
    const { result, records, startAt, beganAt, endedAt, overAt } = await flipInCalm(
      lab,
      ctx,
      from,
      calmAtLeast,
    );
    lengthMs = endedAt - beganAt;
    const around = handOver(records, from, to);
    const pauseMs = around.first - around.last;
    const steps = stepsOf(result, around);
    series.flips.push({ pauseMs, steps });
    series.views.flipping.push(viewsBetween(records, beganAt, endedAt));
    series.views.before.push(viewsBetween(records, beganAt - lengthMs, beganAt));
    series.views.after.push(viewsBetween(records, endedAt, endedAt + lengthMs));
    series.calm.views.push(
      ...viewsBetween(records, startAt, beganAt),
      ...viewsBetween(records, endedAt, overAt),
    );
    for (const { startedAt: start, endedAt: end } of records.edits)
      if (start > startAt && (end < beganAt || start > endedAt)) series.calm.edits.push(end - start);
    series.flippingMs += lengthMs;
    series.calm.ms += beganAt - startAt + overAt - endedAt;
    series.ledger.enter(records);
    await series.ledger.check(lab, to, records.edits);
    const during = records.edits.filter((edit) => edit.endedAt >= startAt);
    const now = (1_000 * during.length) / (overAt - startAt);
    say(
      `${called} ${n} of ${flips}, ${from} → ${to}: write pause ${pauseMs.toFixed(1)} ms at ${now.toFixed(0)} writes/s; longest: ${longestSteps(steps)}`,
    );
    from = to;
  }
  series.writesPerSecond = (1_000 * (series.ledger.acknowledged - before)) / (epochMs() - startedAt);
  if (series.writesPerSecond < 0.9 * rate)
    say(`the machine is too busy for ${rate} writes/s: it reached ${series.writesPerSecond.toFixed(0)}`);
  await lab.load.pause();
  series.ledger.enter(await lab.load.take());
  await series.ledger.checkAll(lab, from);
  await lab.load.go();
  return series;
}

/**
 * A flip, with a stretch of `calmMs` before it and one after it, no shorter than the flip itself, and what the clients
 * saw.
 */
async function flipInCalm(lab: Lab, ctx: CutoverContext, from: Side, calmMs: number) {
  // Checking the previous flip loads the machine, and what it leaves behind takes 20 ms to collect. Both stay out of
  // this stretch.
  globalThis.gc?.();
  await sleep(restMs);
  const startAt = epochMs();
  await sleep(calmMs);
  const beganAt = epochMs();
  const result = await cutover(ctx, { from, to: otherSide(from) });
  const endedAt = epochMs();
  await sleep(Math.max(calmMs, endedAt - beganAt));
  const overAt = epochMs();
  return { result, records: await lab.load.take(), startAt, beganAt, endedAt, overAt };
}

/** The three longest parts of a pause; the steps before the fence are not part of it. */
function longestSteps(steps: Flipped["steps"]): string {
  const fence = steps.findIndex(({ name }) => name === "fence the primary");
  return [...steps.slice(0, 1), ...steps.slice(fence)]
    .toSorted((a, b) => b.ms - a.ms)
    .slice(0, 3)
    .map(({ name, ms }) => `${name} ${ms.toFixed(0)}`)
    .join(", ");
}

function epochMs(): number {
  return performance.timeOrigin + performance.now();
}
