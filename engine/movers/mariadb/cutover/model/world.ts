import type { Side } from "../../../../move";
import type { RoleFact } from "../../fencing/conditions";
import type { Run } from "../protocol";
import type { Database } from "./database";
import type { Order } from "./statements";

/** One operator's run of the tool. */
export interface Operator {
  /** Undefined: not running. */
  run: Run | undefined;
  /** How much of the current command is done. */
  part: number;
  /** What it noted: the position under the fence, and the records and states that it read. */
  position: number;
  epoch: number;
  seen: string;
  /** Runs that it may still start. */
  runsLeft: number;
}

/** A statement that a run has sent and that has not arrived yet. The run itself may be long over. */
export type Letter = Order;

/** How often each fault may still occur, so that the search ends. */
export interface Budget {
  writes: number;
  kills: number;
  crashes: number;
  /** Requests and answers lost, requests delayed. */
  losses: number;
  /** Clocks set back. */
  clocks: number;
  /** Whether a run may take so long that its lease, or its hold, ends by itself. */
  slowness: boolean;
}

export interface World {
  blue: Database;
  green: Database;
  gate: { to: Side; held: boolean };
  operators: readonly Operator[];
  letters: readonly Letter[];
  /** Nothing has gone wrong, and nothing can. */
  calm: boolean;
  budget: Budget;
  /** Writes that were acknowledged to someone. */
  acknowledged: string;
}

/** Blue serves, green follows, nothing is under way. */
export function firstWorld(operators: readonly { runsLeft: number }[], budget: Budget): World {
  const lease = { holder: "", epoch: 0, state: "ended" as const };
  const role: RoleFact = { role: "blue", epoch: 0 };
  const database = { up: true, role, lease, log: "", received: 0 };
  return {
    blue: { ...database, readOnly: false, source: false, running: false },
    green: { ...database, readOnly: true, source: true, running: true },
    gate: { to: "blue", held: false },
    operators: operators.map(({ runsLeft }) => ({
      run: undefined,
      part: 0,
      position: 0,
      epoch: 0,
      seen: "",
      runsLeft,
    })),
    letters: [],
    calm: !budget.slowness && budget.kills + budget.crashes + budget.losses + budget.clocks === 0,
    budget,
    acknowledged: "",
  };
}

/** Equal runs are one object with a number, so that comparing worlds is cheap. */
const runs = new Map<string, Run>();
const numbers = new WeakMap<Run, number>();

export function same(run: Run): Run {
  const text = JSON.stringify(run);
  const known = runs.get(text);
  if (known) return known;
  numbers.set(run, runs.size);
  runs.set(text, run);
  return run;
}

/** Equal texts for equal worlds only. */
export function encode(world: World): string {
  const { writes, kills, crashes, losses, clocks } = world.budget;
  let text = `${encodeDatabase(world.blue)}|${encodeDatabase(world.green)}|${world.gate.to[0]}${+world.gate.held}${writes}${kills}${crashes}${losses}${clocks}${world.acknowledged}`;
  for (const { run, part, position, epoch, seen, runsLeft } of world.operators)
    text += run ? `|${numbers.get(run)},${part},${position},${epoch},${seen},${runsLeft}` : `|-${runsLeft}`;
  for (const { holder, statement, side, epoch, position } of world.letters)
    text += `|${holder}${statement}${side[0]}${epoch},${position}`;
  return text;
}

function encodeDatabase({ up, readOnly, role, lease, source, running, received, log }: Database): string {
  return `${+up}${+readOnly}${role.role[0]}${role.epoch}${lease.holder},${lease.epoch}${lease.state[1]}${+source}${+running}${received}${log}`;
}
