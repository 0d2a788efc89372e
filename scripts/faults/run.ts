import { setTimeout as sleep } from "node:timers/promises";
import { findPrimary } from "../../engine/control/mariadb/primary";
import { readRole } from "../../engine/control/mariadb/role";
import { messageOf } from "../../engine/errors";
import { judge } from "./judge";
import { Operator } from "./operator/operator";
import type { OperatorEnd } from "./operator/order";
import type { Plan } from "./plan";
import { longestReadOnlyMs, rightfulOf, twoWriterSamples } from "./spans";
import { type Fault, Stage } from "./stage";
import { copyAnew, mend } from "./world/mend";
import type { World } from "./world/world";

/** How long a run of the tool may take before it counts as hanging, in milliseconds. */
const longestRunMs = 40_000;
/** A side must serve again without the tool within this time, in milliseconds. */
const aloneMs = 10_000;
/** How often the owner runs the tool again until it succeeds. */
const reruns = 4;

export interface RunResult {
  index: number;
  fault: string;
  at: Plan["at"];
  /** Whether the fault really happened. */
  struck: boolean;
  /** What the affected run achieved: its commit, or nothing. */
  outcome: "committed" | "aborted";
  /** How that run ended, as it reported itself. */
  ending: string;
  maxReadOnlyMs: number;
  /** From the end of the fault until a side was open without the tool; undefined where nobody waited for that. */
  aloneMs: number | undefined;
  acknowledged: number;
  failed: number;
  lost: number;
  doubled: number;
  twoWriterSamples: number;
  /** Why it counts as failed; empty if it does not. */
  problems: string[];
  tookMs: number;
  /** What happened when, for a run that failed. */
  story: string[];
}

/** Processes that can act as the tool, one always ready. */
export class Operators {
  private ready = new Operator("operator 1");
  private count = 1;
  private readonly taken: Operator[] = [];

  take(): Operator {
    const operator = this.ready;
    this.taken.push(operator);
    this.ready = new Operator(`operator ${++this.count}`);
    return operator;
  }

  /** Those since the last call. None of them runs any more when this returns. */
  async collect(): Promise<Operator[]> {
    const taken = this.taken.splice(0);
    for (const operator of taken) if (operator.alive) await operator.kill();
    return taken;
  }

  async close(): Promise<void> {
    await this.collect();
    await this.ready.kill();
  }
}

/** Runs one flip with one fault, lets the tool run again until it is done, and judges the result. */
export async function runFault(
  world: World,
  operators: Operators,
  plan: Plan,
  fault: Fault,
  options: { selfHealing: boolean },
): Promise<RunResult> {
  const start = performance.now();
  const problems: string[] = [];
  const { clients, probes } = world;
  // What the last run left behind may end late, so this tries once more before it gives up the campaign.
  await prepare(world, operators, plan).catch(() => prepare(world, operators, plan));
  const epoch = (await readRole(world.servers[plan.from]))?.epoch ?? 0;
  probes.blue.forget();
  probes.green.forget();
  clients.start(`r${plan.index}`);
  await clients.acknowledges(20, { by: plan.from, timeoutMs: 15_000 });

  const stage = new Stage(world, plan, operators.take(), () => operators.take());
  let struck = false;
  let aloneTookMs: number | undefined;
  try {
    struck = await strike(stage, fault);
    if (!stage.operator.end && stage.later.length === 0) await ended(stage.operator, problems);
    if (options.selfHealing) aloneTookMs = await awaitAlone(world, problems);
  } catch (error) {
    problems.push(`the fault could not be brought about: ${messageOf(error)}`);
    await mend(world).catch((broken: unknown) => problems.push(messageOf(broken)));
  }
  stage.isNow("the fault is over");
  const committed = Math.max(probes.blue.newest?.epoch ?? 0, probes.green.newest?.epoch ?? 0) > epoch;

  try {
    stage.isNow("the tool runs again");
    await runAgain(stage, fault, operators, problems);
    for (const act of stage.later) {
      await within(longestRunMs, act());
      // Whatever a process did that slept through everything, the next run must find nothing wrong that matters.
      await runAgain(stage, fault, operators, problems);
    }
    await clients.acknowledges(15, { by: plan.to, timeoutMs: 20_000 });
  } catch (error) {
    problems.push(messageOf(error));
  }
  await clients.stop();
  await mend(world)
    .then(() => fault.tidy?.(stage))
    .catch((error: unknown) => problems.push(messageOf(error)));
  const verdict = await judge(world, plan.to).catch((error: unknown) => ({
    lost: [],
    doubled: [],
    problems: [`could not be judged: ${messageOf(error)}`],
  }));
  problems.push(...verdict.problems);
  const maxReadOnlyMs = longestReadOnlyMs(probes.blue.samples, probes.green.samples, stage.hindrances);
  const twoWriters = twoWriterSamples(probes.blue.samples, probes.green.samples);
  if (verdict.lost.length > 0) problems.push(`lost: ${some(verdict.lost)}`);
  if (verdict.doubled.length > 0) problems.push(`doubled: ${some(verdict.doubled)}`);
  if (twoWriters > 0) problems.push(`both sides took writes in ${twoWriters} samples`);
  if (maxReadOnlyMs > 10_000) problems.push(`no side took writes for ${maxReadOnlyMs} ms, though one could`);
  const processes = await operators.collect();
  return {
    index: plan.index,
    fault: fault.name,
    at: plan.at,
    struck,
    outcome: committed ? "committed" : "aborted",
    ending: stage.operator.ending,
    maxReadOnlyMs,
    aloneMs: aloneTookMs,
    acknowledged: clients.acknowledged.length,
    failed: clients.writes.length - clients.acknowledged.length,
    lost: verdict.lost.length,
    doubled: verdict.doubled.length,
    twoWriterSamples: twoWriters,
    problems,
    tookMs: Math.round(performance.now() - start),
    story: story(stage, processes),
  };
}

/** A state in which `plan.from` is the primary, nothing is broken, and no row of earlier runs is left. */
async function prepare(world: World, operators: Operators, { from, to }: Plan): Promise<void> {
  await mend(world);
  for (let turn = 0; (await findPrimary(world.servers)).side !== from; turn++) {
    const operator = operators.take();
    world.command(operator, { from: to, to: from });
    await within(longestRunMs, operator.exited);
    if (operator.end?.outcome !== "failed") continue;
    if (turn === reruns) throw new Error(`no clean world to begin with: ${operator.ending}`);
    // Left behind by a run that failed.
    await copyAnew(world);
  }
  await world.servers[from].run("TRUNCATE ??.entry", [world.pair.database]);
}

/** Starts the flip and lets the fault happen at its point. @returns whether the flip reached it */
async function strike(stage: Stage, fault: Fault): Promise<boolean> {
  const { operator, world, plan } = stage;
  const how = fault.how ?? (plan.at?.delayMs === 0 ? "stop" : "tell");
  world.command(operator, {
    from: plan.from,
    to: plan.to,
    halt: plan.at && { at: plan.at.point, delayMs: plan.at.delayMs, how },
  });
  if (plan.at) {
    const came = await Promise.race([
      operator.halted.then(() => true),
      operator.exited.then(() => false),
      sleep(longestRunMs, false, { ref: false }),
    ]);
    if (!came) return false;
    if (how === "stop") await operator.standsStill();
  }
  stage.note(`fault: ${fault.about}`);
  let end: (() => Promise<unknown> | unknown) | undefined;
  try {
    end = await fault.strike(stage);
  } finally {
    if (!fault.how && how === "stop") operator.continue();
  }
  if (fault.lasts) await sleep(stage.between(...fault.lasts));
  await within(longestRunMs, Promise.resolve(end?.()));
  stage.note("the fault is over");
  stage.isNow("the fault is over");
  return true;
}

/** Waits for the end of a run that nobody stopped. */
async function ended(operator: Operator, problems: string[]): Promise<void> {
  const done = await Promise.race([
    operator.exited.then(() => true),
    sleep(longestRunMs, false, { ref: false }),
  ]);
  if (done) return;
  problems.push(`${operator.name} hangs`);
  await operator.kill();
}

/** Waits until the side that the records name is open, without help. */
async function awaitAlone({ probes }: World, problems: string[]): Promise<number> {
  const start = performance.now();
  for (;;) {
    const newest = { blue: probes.blue.newest, green: probes.green.newest };
    const rightful = rightfulOf({
      ...(newest.blue?.up ? { blue: newest.blue } : {}),
      ...(newest.green?.up ? { green: newest.green } : {}),
    });
    const tookMs = Math.round(performance.now() - start);
    if (rightful && newest[rightful]?.open) return tookMs;
    if (tookMs > aloneMs) {
      problems.push(`without the tool no side takes writes after ${aloneMs} ms`);
      return tookMs;
    }
    await sleep(20);
  }
}

/** Acts as the owner would: runs the tool until it reports success, and does what it asks for. */
async function runAgain(stage: Stage, fault: Fault, operators: Operators, problems: string[]): Promise<void> {
  const { world, plan } = stage;
  let last: OperatorEnd | undefined;
  for (let turn = 0; turn < reruns; turn++) {
    const operator = operators.take();
    stage.note(`${operator.name}: the tool runs again`);
    world.command(operator, { from: plan.from, to: plan.to });
    await ended(operator, problems);
    last = operator.end;
    if (last && last.outcome !== "failed") return;
    if (fault.remedy) {
      stage.note("the owner does as the tool said");
      await fault.remedy(stage);
    }
  }
  throw new Error(
    `${reruns} more runs of the tool did not end it: ${last ? JSON.stringify(last) : "killed"}`,
  );
}

function story(stage: Stage, operators: readonly Operator[]): string[] {
  const failures = stage.world.clients.writes.filter(({ failure }) => failure);
  const entries = [
    ...stage.notes,
    ...operators.flatMap(({ name, said }) => said.map(({ at, text }) => ({ at, text: `${name}: ${text}` }))),
    ...changes(stage.world),
    ...failures.slice(0, 3).map(({ endedAt, failure }) => ({
      at: performance.timeOrigin + endedAt,
      text: `a write failed: ${failure}`,
    })),
  ].sort((a, b) => a.at - b.at);
  const first = entries[0]?.at ?? 0;
  return entries.map(({ at, text }) => `${((at - first) / 1_000).toFixed(3).padStart(8)} ${text}`);
}

/** When the sides opened, closed, went down and came back. */
function changes({ probes }: World): { at: number; text: string }[] {
  return (["blue", "green"] as const).flatMap((side) => {
    let before = "";
    return probes[side].samples.flatMap(({ up, open, role, epoch, end }) => {
      const now = up ? `${open ? "open" : "closed"}, record ${role} ${epoch}` : "away";
      if (now === before) return [];
      before = now;
      return [{ at: performance.timeOrigin + end, text: `${side} is ${now}` }];
    });
  });
}

function some(ids: readonly string[]): string {
  return ids.length <= 5 ? ids.join(", ") : `${ids.slice(0, 5).join(", ")} and ${ids.length - 5} more`;
}

async function within(timeoutMs: number, work: Promise<unknown>): Promise<void> {
  const done = await Promise.race([work.then(() => true), sleep(timeoutMs, false, { ref: false })]);
  if (!done) throw new Error(`not over after ${timeoutMs} ms`);
}
