import type { Side } from "../../../../move";
import { properties } from "./properties";
import type { Rules } from "./rules";
import { stepsFrom } from "./steps";
import { type Budget, encode, firstWorld, type World } from "./world";

/** What is searched: which operators act, and how often what may go wrong. */
export interface Scenario {
  name: string;
  /** The goal of each operator's runs (undefined: only recovery), and how many it starts. */
  operators: readonly { goal: Side | undefined; runs: number }[];
  budget: Budget;
}

export interface Violation {
  property: string;
  found: string;
  /** From the first world to the one that violates the property. */
  trace: string[];
}

export interface SearchResult {
  scenario: string;
  states: number;
  steps: number;
  /** Number of steps on the longest of all shortest paths. */
  depth: number;
  /** Worlds in which green serves and no run is under way. They show that the goal is reached at all. */
  flipped: number;
  violation: Violation | undefined;
}

/**
 * Visits every reachable world, breadth first, so that a violation is found by its shortest path.
 * @param options.only The one property to check; all of them by default.
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
  /** For each state, by number: the state from which it was reached, and which of that state's steps led to it. */
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

/** Replays the path to get its descriptions. */
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
