import { setTimeout as sleep } from "node:timers/promises";
import { Journal } from "../../../engine/mariadb/control/journal";
import type { CutoverContext } from "../../../engine/mariadb/cutover/context";
import { cutover } from "../../../engine/mariadb/cutover/cutover";
import { type CutoverLimits, otherSide, type Side } from "../../../engine/move";
import { type Flipped, handOver, stepsOf, viewsBetween } from "./figures";
import type { Lab } from "./lab";
import type { Ledger } from "./ledger";
import { say } from "./say";
import { BenchSurroundings } from "./surroundings";

/** As in production, but for how long the lag must have been small: that is before the pause. */
const limits: CutoverLimits = {
  maxLagMs: 100,
  lagStableMs: 500,
  lagWaitMs: 60_000,
  drainMs: 2_000,
  catchUpMs: 5_000,
  attemptMs: 8_000,
  longTransactionMs: 1_000,
  verificationMaxAgeMs: 600_000,
};

/** Between two flips, in milliseconds. */
const restMs = 300;

export interface Series {
  flips: Flipped[];
  /** Acknowledged, from the first flip's beginning to the last one's end, pauses included. */
  writesPerSecond: number;
  ledger: Ledger;
  /** Per flip, how long each page view took that was under way in it, and in an equally long stretch beside it. */
  views: { flipping: number[][]; calm: number[][] };
  /** How long each write took in those stretches: what a pause can't be shorter than. */
  calmEdits: number[];
}

export interface FlipOrder {
  /** How many, an even number. */
  flips: number;
  /** Writes a second that the clients were told to make. */
  rate: number;
  /** What a flip is called when it is told. */
  called: string;
  /** Takes what the clients recorded. */
  ledger: Ledger;
}

/**
 * Cutovers and switchbacks by turns, each beside a stretch of the same length in which nothing happens: after it and
 * before it by turns, so that what a flip or the check of one leaves behind counts for both.
 */
export async function flipToAndFro(lab: Lab, { flips, rate, called, ledger }: FlipOrder): Promise<Series> {
  const ctx: CutoverContext = {
    servers: { blue: lab.pair.blue, green: lab.pair.green },
    database: lab.pair.database,
    appUser: "wikiuser",
    replicationPassword: lab.pair.replicationPassword,
    limits,
    surroundings: new BenchSurroundings(lab.gate, lab.apps, limits.attemptMs),
    journal: new Journal(lab.pair.green),
    holder: `bench:${process.pid}`,
    report: () => {},
    findBlockers: async () => [],
  };
  const series: Series = {
    flips: [],
    writesPerSecond: 0,
    ledger,
    views: { flipping: [], calm: [] },
    calmEdits: [],
  };
  let from: Side = "blue";
  let lengthMs = 0;
  await sleep(1_000);
  series.ledger.enter(await lab.load.take());
  const startedAt = epochMs();
  const before = series.ledger.acknowledged;
  for (let n = 1; n <= flips; n++) {
    const to = otherSide(from);
    // The check of the flip before loads the machine, and what it leaves behind takes 20 ms to collect: no part of this.
    globalThis.gc?.();
    await sleep(restMs);
    // The flip first, last, last, first: so both directions come both ways round.
    const calmFirst = n % 4 >= 2;
    const startAt = epochMs();
    if (calmFirst) await sleep(lengthMs);
    const beganAt = epochMs();
    const result = await cutover(ctx, { from, to });
    const endedAt = epochMs();
    lengthMs = endedAt - beganAt;
    if (!calmFirst) await sleep(lengthMs);
    const calm = calmFirst ? { from: startAt, to: beganAt } : { from: endedAt, to: epochMs() };
    const records = await lab.load.take();
    const around = handOver(records, from, to);
    const pauseMs = around.first - around.last;
    const steps = stepsOf(result, around);
    series.flips.push({ pauseMs, steps });
    series.views.flipping.push(viewsBetween(records, beganAt, endedAt));
    series.views.calm.push(viewsBetween(records, calm.from, calm.to));
    for (const { startedAt: start, endedAt: end } of records.edits)
      if (start > calm.from && start < calm.to) series.calmEdits.push(end - start);
    series.ledger.enter(records);
    await series.ledger.check(lab, to, records.edits);
    const during = records.edits.filter((edit) => edit.endedAt >= startAt);
    const now = (1_000 * during.length) / (Math.max(endedAt, calm.to) - startAt);
    say(
      `${called} ${n} of ${flips}, ${from} → ${to}: write pause ${pauseMs.toFixed(1)} ms at ${now.toFixed(0)} writes/s; longest: ${longestSteps(steps)}`,
    );
    from = to;
  }
  series.writesPerSecond = (1_000 * (series.ledger.acknowledged - before)) / (epochMs() - startedAt);
  if (series.writesPerSecond < 0.9 * rate)
    say(`the machine is too busy for ${rate} writes/s: it made ${series.writesPerSecond.toFixed(0)}`);
  await lab.load.pause();
  series.ledger.enter(await lab.load.take());
  await series.ledger.checkAll(lab, from);
  await lab.load.go();
  return series;
}

/** The three parts of a pause that took longest; the steps before the fence are no part of it. */
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
