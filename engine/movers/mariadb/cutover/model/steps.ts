import type { Side } from "../../../../move";
import { ofOperator } from "./operators";
import type { Rules } from "./rules";
import { type Add, arrives, ofServer } from "./servers";
import type { World } from "./world";

/** One thing that can happen: a description, and the world after it. */
export interface Step {
  label: string;
  world: World;
}

/**
 * Everything that can happen next: servers, clocks, the network, writers, operators.
 * @param goals The goal of each operator.
 */
export function stepsFrom(world: World, rules: Rules, goals: readonly (Side | undefined)[]): Step[] {
  const found: Step[] = [];
  const add: Add = (label, after) => {
    if (after) found.push({ label, world: after });
  };
  ofServer(world, "blue", rules, add);
  ofServer(world, "green", rules, add);
  if (world.gate.held && world.budget.slowness)
    add("the hold ends by itself", { ...world, gate: { ...world.gate, held: false } });
  for (const letter of world.letters)
    add(`late: ${letter.statement} on ${letter.side}`, arrives(world, letter, rules));
  goals.forEach((goal, index) => {
    ofOperator(world, index, goal, rules, add);
  });
  return found;
}
