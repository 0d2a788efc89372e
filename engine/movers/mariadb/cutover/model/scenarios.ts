import type { Scenario } from "./search";
import type { Budget } from "./world";

const nothing: Budget = { writes: 1, kills: 0, crashes: 0, losses: 0, clocks: 0, slowness: true };

const once = { goal: "green" as const, runs: 1 };
const again = { goal: "green" as const, runs: 2 };
const back = { goal: "blue" as const, runs: 1 };

/**
 * What is searched. Time passes freely in each scenario: streams stall, leases end and events run at any moment. A
 * frozen run is one to which nothing happens for any length of time.
 */
export const scenarios: readonly Scenario[] = [
  {
    name: "nothing goes wrong",
    operators: [once],
    budget: { ...nothing, slowness: false },
  },
  { name: "one operator, and two writes", operators: [once], budget: { ...nothing, writes: 2 } },
  { name: "killed once, and run again", operators: [again], budget: { ...nothing, kills: 1 } },
  {
    name: "a request or an answer lost or late, and run again",
    operators: [again],
    budget: { ...nothing, losses: 1 },
  },
  { name: "a server crashes, and run again", operators: [again], budget: { ...nothing, crashes: 1 } },
  { name: "a clock is set back", operators: [once], budget: { ...nothing, clocks: 1 } },
  { name: "killed, and a server crashes", operators: [once], budget: { ...nothing, kills: 1, crashes: 1 } },
  { name: "killed, and a clock is set back", operators: [once], budget: { ...nothing, kills: 1, clocks: 1 } },
  { name: "two servers crash", operators: [once], budget: { ...nothing, crashes: 2 } },
  { name: "two operators at once", operators: [once, once], budget: nothing },
  { name: "two operators with opposite goals", operators: [once, back], budget: nothing },
];

/** For protocols with a mistake in them: each kind of trouble, the smaller worlds first. */
export const mutantScenarios: readonly Scenario[] = [0, 1, 5, 4, 2, 3].map(
  (index) => scenarios[index] as Scenario,
);
