import { setTimeout as sleep } from "node:timers/promises";
import { otherSide, type Side } from "../../engine/move";
import { faults } from "./faults";
import type { Operator } from "./operator/operator";
import { pointOf } from "./operator/order";
import type { FaultOptions } from "./options";
import { type Point, planRun } from "./plan";
import { type FaultReport, reportOf } from "./report";
import { Operators, type RunResult, runFault } from "./run";
import { startWorld, type World } from "./world/world";

const load = { clients: 12, perSecond: 120 };
/**
 * Flips without a fault at the beginning, one in each direction. The first shows the points at which a fault can
 * strike.
 */
const firstFlips = 2;
const firstTries = 3;
/** How often a fault's moment is drawn if the flip does not reach it. */
const draws = 3;

/** Creates a test environment, runs `options.runs` faults in it, and removes it. */
export async function campaign(options: FaultOptions, say: (line: string) => void): Promise<FaultReport> {
  const start = performance.now();
  say("starting two MariaDB servers, the gate and two web tiers");
  const world = await startWorld(load);
  const operators = new Operators();
  const end = () => void close().finally(() => process.exit(130));
  const close = async () => {
    process.off("SIGINT", end).off("SIGTERM", end);
    await operators.close();
    await world.close();
  };
  process.on("SIGINT", end).on("SIGTERM", end);
  try {
    const points = await pointsOf(world, operators);
    const selfHealing = await healsItself(world);
    const seed = options.replay?.seed ?? options.seed;
    const chosen = options.only ? faults.filter(({ name }) => name === options.only) : faults;
    const indexes = options.replay
      ? [options.replay.index]
      : Array.from({ length: options.runs }, (_, index) => index);
    const results: RunResult[] = [];
    for (const index of indexes) {
      let result: RunResult;
      let draw = 0;
      do {
        const plan = planRun(seed, index, chosen, points, draw++);
        const fault = chosen.find(({ name }) => name === plan.fault) as (typeof chosen)[number];
        result = await runFault(world, operators, plan, fault, { selfHealing });
        // The flip ended before the fault came.
      } while (!result.struck && result.problems.length === 0 && draw < draws);
      results.push(result);
      say(describe(result));
      if (result.problems.length > 0 || options.replay) {
        for (const line of [...result.story, ...result.problems.map((problem) => `PROBLEM ${problem}`)])
          say(`    ${line}`);
        const only = options.only ? ` --only "${options.only}"` : "";
        say(`    again: npm run faults -- --replay ${seed}:${index}${only}`);
      }
    }
    return reportOf(
      seed,
      // In a single run only its own fault matters.
      options.replay ? results.map(({ fault }) => fault) : chosen.map(({ name }) => name),
      results,
      Math.round(performance.now() - start),
    );
  } finally {
    await close();
  }
}

/** What a flip reports, in order, each once. */
async function pointsOf(world: World, operators: Operators): Promise<Point[]> {
  const points: Point[] = [];
  let from: Side = "blue";
  world.clients.start("first");
  await world.clients.acknowledges(20, { timeoutMs: 15_000 });
  for (let flip = 0; flip < firstFlips; flip++) {
    const operator = await flipped(world, operators, from);
    const endAt = operator.said.at(-1)?.at ?? 0;
    for (const { at, text } of operator.said) {
      const colon = text.indexOf(": ");
      if (text.startsWith("—") || colon < 0) continue;
      const name = pointOf({ step: text.slice(0, colon), message: text.slice(colon + 2) });
      if (!points.some((point) => point.name === name)) points.push({ name, leftMs: endAt - at });
    }
    from = otherSide(from);
    await sleep(200);
  }
  await world.clients.stop();
  await operators.collect();
  return points;
}

/** A flip without a fault. One that was undone because the machine stalled is tried again. */
async function flipped(world: World, operators: Operators, from: Side): Promise<Operator> {
  for (let tries = 1; ; tries++) {
    const operator = operators.take();
    world.command(operator, { from, to: otherSide(from) });
    await operator.exited;
    if (operator.end?.outcome === "flipped") return operator;
    if (tries === firstTries)
      throw new Error(
        `a flip without a fault did not succeed: ${operator.ending}\n${operator.said.map(({ text }) => text).join("\n")}`,
      );
  }
}

/** Whether the databases open and close by themselves. */
async function healsItself({ servers }: World): Promise<boolean> {
  const events = await servers.blue.value(
    "SELECT COUNT(*) FROM information_schema.events WHERE event_schema = 'wikiferry' AND status = 'ENABLED'",
  );
  return Number(events) > 0;
}

function describe(result: RunResult): string {
  const where = result.at
    ? ` ${result.at.delayMs === 0 ? "before what follows" : `${result.at.delayMs} ms after`} "${result.at.point}"`
    : "";
  const what = result.struck ? result.outcome : "did not come to happen";
  const alone = result.aloneMs === undefined ? "" : `, served alone after ${result.aloneMs} ms`;
  const verdict = result.problems.length === 0 ? "" : " — FAILED";
  return `${result.index}: ${result.fault}${where}: ${what} (${result.ending.slice(0, 120)}); closed ${result.maxReadOnlyMs} ms${alone}; ${result.acknowledged} writes, ${result.failed} failed; ${(result.tookMs / 1_000).toFixed(1)} s${verdict}`;
}
