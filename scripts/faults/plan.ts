import { createHash } from "node:crypto";
import type { Side } from "../../engine/move";
import { Random } from "../common/random";

/** The part of a flip in which a fault may strike. */
export type Part =
  /** From its first report to its last. */
  | "all of it"
  /** From the intent to the turning of the gate. */
  | "the attempt"
  /** From the first report to the commit's beginning. */
  | "before the commit"
  /** From the fence's end to the commit's beginning. */
  | "while fenced";

/** What planning a fault needs to know about it. */
export interface Struck {
  name: string;
  /** Undefined where the fault itself waits for its moment. */
  part: Part | undefined;
  /** Only between two steps: the fault has happened before the tool continues. */
  onlyBetween?: boolean;
}

/** A report of a flip at which a fault can strike. */
export interface Point {
  /** Without what differs from flip to flip. */
  name: string;
  /** How long a flip without faults takes from there on, in milliseconds. */
  leftMs: number;
}

/** One run of a campaign: what happens when. Everything follows from seed and index. */
export interface Plan {
  seed: number;
  index: number;
  fault: string;
  from: Side;
  to: Side;
  at: { point: string; delayMs: number } | undefined;
  /** For other random choices of the fault. */
  random: Random;
}

/** At most this much later than a report, in milliseconds. */
const longestDelayMs = 120;

/**
 * The name of the fault of run `index`. Each round of as many runs as there are faults has every fault once, in a
 * different order.
 */
export function faultOf(seed: number, index: number, names: readonly string[]): string {
  const round = Math.floor(index / names.length);
  const order = randomOf(seed, `round ${round}`).sample(names, names.length);
  return order[index % names.length] as string;
}

/**
 * @param points The reports of a flip without faults, in order.
 * @param draw Incremented when the previous draw did not happen.
 */
export function planRun(
  seed: number,
  index: number,
  faults: readonly Struck[],
  points: readonly Point[],
  draw = 0,
): Plan {
  const name = faultOf(
    seed,
    index,
    faults.map((fault) => fault.name),
  );
  const fault = faults.find((one) => one.name === name) as Struck;
  const random = randomOf(seed, `run ${index} ${name} ${draw}`);
  const from = index % 2 === 0 ? "blue" : "green";
  let at: Plan["at"];
  if (fault.part) {
    const point = random.pick(pointsIn(fault.part, points));
    const between = random.chance(0.4);
    const delayMs = 1 + Math.floor(random.next() ** 2 * Math.min(longestDelayMs, point.leftMs / 2));
    at = { point: point.name, delayMs: between || fault.onlyBetween ? 0 : delayMs };
  }
  return { seed, index, fault: name, from, to: from === "blue" ? "green" : "blue", at, random };
}

/** @throws when the points lack a step that bounds the part */
export function pointsIn(part: Part, points: readonly Point[]): Point[] {
  const first = (step: string) => {
    const index = points.findIndex(({ name }) => name.startsWith(`${step}: SIDE`));
    if (index >= 0) return index;
    throw new Error(
      `a flip does not report the step "${step}", only ${points.map(({ name }) => name).join(" | ")}`,
    );
  };
  switch (part) {
    case "all of it":
      return [...points];
    case "the attempt":
      return points.slice(first("declare the intent"), first("turn the gate") + 1);
    case "before the commit":
      return points.slice(0, first("commit") + 1);
    case "while fenced":
      return points.slice(first("fence the primary") + 1, first("commit") + 1);
  }
}

function randomOf(seed: number, what: string): Random {
  return new Random(createHash("sha256").update(`${seed} ${what}`).digest().readUInt32LE(0));
}
