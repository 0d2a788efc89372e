import type { Side } from "../../../move";
import { properties } from "./properties";
import type { Rules } from "./rules";
import { stepsFrom } from "./steps";
import { type Budget, encode, firstWorld, type World } from "./world";

/** What is searched: who operates, and what may go wrong how often. */
export interface Scenario {
  name: string;
  /** The goal of each operator's runs (undefined: only to tidy up), and how many it begins. */
  operators: readonly { goal: Side | undefined; runs: number }[];
  budget: Budget;
}

export interface Violation {
  property: string;
  found: string;
  /** From the first world to the one in which it is broken. */
  trace: string[];
}

export interface SearchResult {
  scenario: string;
  states: number;
  steps: number;
  /** Steps on the longest of all shortest ways. */
  depth: number;
  /** Worlds in which green serves and no run is under way: that the goal is reached at all. */
  flipped: number;
  violation: Violation | undefined;
}

/**
 * Visits every world that can be reached, breadth first, so that a violation is found by its shortest way.
 * @param options.only The one property to look at; all of them by default.
 * @param options.tell Called now and then with the number of states so far.
 */
export function search(
  scenario: Scenario,
  rules: Rules,
  options: { only?: string; tell?: (states: number) => void } = {},
): SearchResult {
  const goals = scenario.operators.map(({ goal }) => goal);
  const first = firstWorld(
    scenario.operators.map(({ runs }) => ({ runsLeft: runs })),
    scenario.budget,
  );
  const looked = Object.entries(properties).filter(([name]) => !options.only || name === options.only);
  const seen = new Set<string>([encode(first)]);
  /** Of each state, by number: the one it was reached from, and which of that one's steps led to it. */
  const from: number[] = [-1];
  const by: number[] = [-1];
  const result: SearchResult = {
    scenario: scenario.name,
    states: 1,
    steps: 0,
    depth: 0,
    flipped: 0,
    violation: undefined,
  };
  let level: { world: World; number: number }[] = [{ world: first, number: 0 }];
  while (level.length > 0) {
    const below: typeof level = [];
    for (const { world, number } of level) {
      let index = -1;
      for (const step of stepsFrom(world, rules, goals)) {
        index++;
        result.steps++;
        const key = encode(step.world);
        if (seen.has(key)) continue;
        seen.add(key);
        const here = result.states++;
        from.push(number);
        by.push(index);
        below.push({ world: step.world, number: here });
        if (result.states % 100_000 === 0) options.tell?.(result.states);
        if (served(step.world)) result.flipped++;
        for (const [property, check] of looked) {
          const found = check(step.world, rules);
          if (found === undefined) continue;
          const trace = wayTo(first, here, from, by, rules, goals);
          return { ...result, violation: { property, found, trace } };
        }
      }
    }
    if (below.length > 0) result.depth++;
    level = below;
  }
  return result;
}

function served(world: World): boolean {
  return (
    world.green.role.role === "green" &&
    !world.green.readOnly &&
    world.gate.to === "green" &&
    world.operators.every(({ run }) => run === undefined)
  );
}

/** Goes the way again, for its words. */
function wayTo(
  first: World,
  state: number,
  from: readonly number[],
  by: readonly number[],
  rules: Rules,
  goals: readonly (Side | undefined)[],
): string[] {
  const choices: number[] = [];
  for (let at = state; at > 0; at = from[at] as number) choices.unshift(by[at] as number);
  const words: string[] = [];
  let world = first;
  for (const choice of choices) {
    const step = stepsFrom(world, rules, goals)[choice];
    if (!step) throw new Error("the model's steps are not the same the second time");
    words.push(step.label);
    world = step.world;
  }
  return words;
}
