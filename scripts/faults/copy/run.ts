import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../../../engine/errors";
import { workerCount } from "../../../engine/movers/mariadb/copy/logical/run";
import { stopFollowing, waitForGtid } from "../../../engine/movers/mariadb/replication/follow";
import { positions, replicationStatus } from "../../../engine/movers/mariadb/replication/status";
import { verify } from "../../../engine/movers/mariadb/verify/verify";
import type { Server } from "../../../engine/runtime/mariadb/server";
import { Random } from "../../common/random";
import type { Pair } from "../../lab/pair";
import { DatabaseHost } from "../world/databaseHost";
import { Editor } from "./content";
import type { ChildEvent } from "./order";
import { Tool } from "./tool";

/** What is killed. */
export type Victim = "tool" | "blue" | "green";

/** One SIGKILL and its moment: this long after the tool's event of that number. */
export interface Kill {
  victim: Victim;
  afterEvent: number;
  delayMs: number;
}

export interface RunPlan {
  seed: number;
  index: number;
  kills: Kill[];
}

export interface RunResult extends RunPlan {
  /** Those that really happened, with what the tool was doing. */
  struck: string[];
  /** Pieces that were started more than once. */
  repeated: number;
  edits: number;
  seconds: number;
  /** What is wrong; empty if nothing is. */
  problems: string[];
}

/** Small, so that a copy has many pieces and takes a few seconds. */
const pieceBytes = 200_000;
const maxBytesPerSecond = 6_000_000;
/** About how many events a copy of the lab's tables reports. */
const usualEvents = 75;

export function planOf(seed: number, index: number): RunPlan {
  const random = randomOf(seed, `run ${index}`);
  const kill = (): Kill => ({
    victim: random.pick<Victim>(["tool", "tool", "blue", "green"]),
    afterEvent: random.below(usualEvents),
    delayMs: random.below(120),
  });
  return { seed, index, kills: random.chance(0.3) ? [kill(), kill()] : [kill()] };
}

function randomOf(seed: number, what: string): Random {
  return new Random(createHash("sha256").update(`${seed} ${what}`).digest().readUInt32LE(0));
}

/** Copies and follows from the beginning while blue is written to, kills what the plan says, and judges the result. */
export async function runOnce(pair: Pair, plan: RunPlan): Promise<RunResult> {
  const { database } = pair.spec.wiki;
  const started = performance.now();
  const struck: string[] = [];
  const problems: string[] = [];
  await emptyGreen(pair.green, database);
  const editor = new Editor(
    pair.blue.withOwnConnections(),
    database,
    randomOf(plan.seed, `edits ${plan.index}`),
  );
  editor.start();
  const order = {
    spec: { ...pair.spec, copy: { method: "logical" as const, maxBytesPerSecond } },
    secrets: pair.secrets,
    pieceBytes,
    thenFollow: true,
  };
  const tools = [new Tool(order)];
  const tool = () => tools.at(-1) as Tool;
  const events = (): ChildEvent[] => tools.flatMap((one) => one.events);
  for (const { victim, afterEvent, delayMs } of plan.kills) {
    const before = tools.slice(0, -1).reduce((sum, one) => sum + one.events.length, 0);
    const came = await tool().until(() => before + tool().events.length > afterEvent);
    // A copy that reports fewer events than others is killed at its end.
    if (!came) await tool().until(({ kind }) => kind === "following");
    await sleep(delayMs);
    struck.push(`${victim} at ${describe(tool().events.at(-1))}`);
    if (victim === "tool") {
      await tool().kill();
      tools.push(new Tool(order));
    } else {
      const server = pair[victim];
      const host = new DatabaseHost(victim, pair.containers[victim], () =>
        server.withOwnConnections().value("SELECT 1"),
      );
      await host.kill();
      await sleep(500);
      await host.start();
    }
  }
  let failed = await tool().end();
  // What broke while it followed, or ended for good because a server was down, is repaired by the next run.
  if (failed !== undefined) {
    struck.push(`the tool ended: ${failed}`);
    tools.push(new Tool(order));
    failed = await tool().end();
  }
  if (failed !== undefined) problems.push(`the tool failed again: ${failed}`);
  await editor.stop();
  problems.push(...(await judge(pair, database)));
  const repeated = repetitions(events());
  const most = workerCount * struck.length;
  if (repeated > most) problems.push(`${repeated} pieces were copied twice, more than ${most}`);
  if (events().some((event) => event.kind === "report" && event.message.startsWith("starting over")))
    problems.push("the copy started over");
  return {
    ...plan,
    struck,
    repeated,
    edits: editor.edits,
    seconds: Math.round((performance.now() - started) / 100) / 10,
    problems,
  };
}

function describe(event: ChildEvent | undefined): string {
  if (event?.kind === "piece") return `a piece of ${event.table}`;
  return event?.kind === "report" ? event.message : (event?.kind ?? "its start");
}

/** How often a piece was started that had been started before. */
export function repetitions(events: readonly ChildEvent[]): number {
  const begun = new Set<string>();
  let repeated = 0;
  for (const event of events) {
    if (event.kind !== "piece") continue;
    const piece = `${event.range} ${event.after.join()}`;
    if (begun.has(piece)) repeated++;
    begun.add(piece);
  }
  return repeated;
}

async function judge(pair: Pair, database: string): Promise<string[]> {
  const { blue, green } = pair;
  try {
    const { binlog } = await positions(blue);
    if (!(await waitForGtid(green, binlog, 60_000))) {
      const status = await replicationStatus(green);
      return [
        `green does not follow: ${status?.sqlError.message || status?.ioError.message || "it is late"}`,
      ];
    }
    await verify(blue, green, database);
    return [];
  } catch (error) {
    return [messageOf(error)];
  }
}

async function emptyGreen(green: Server, database: string): Promise<void> {
  await stopFollowing(green);
  const session = await green.sessionWithoutBinlog();
  await session.run("DROP DATABASE IF EXISTS ??", [database]);
  await session.run("DELETE FROM wikiferry.checkpoint");
  await session.run("DELETE FROM wikiferry.copy_range");
  await session.run("RESET MASTER");
  await session.run("SET GLOBAL gtid_slave_pos = ''");
}
