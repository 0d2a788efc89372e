import type { Fault } from "../stage";

/** Faults of the tool itself. */
export const toolFaults: Fault[] = [
  {
    name: "tool killed",
    about: "SIGKILL anywhere in a flip",
    part: "all of it",
    how: "kill",
    strike: async () => undefined,
  },
  {
    name: "tool killed in the attempt",
    about: "SIGKILL between the intent and the turning of the gate",
    part: "the attempt",
    how: "kill",
    strike: async () => undefined,
  },
  {
    name: "tool frozen",
    about: "SIGSTOP, and SIGCONT after up to 6 s",
    part: "the attempt",
    how: "stop",
    lasts: [200, 6_000],
    strike:
      async ({ operator }) =>
      () =>
        operator.continue(),
  },
  {
    name: "tool frozen until another has run",
    about: "SIGSTOP, and SIGCONT when the next run of the tool is over",
    part: "the attempt",
    how: "stop",
    strike: async ({ operator, later }) => {
      later.push(async () => {
        operator.continue();
        await operator.exited;
      });
      return undefined;
    },
  },
  {
    name: "two operators",
    about: "a second run of the tool that wants the same",
    part: "all of it",
    strike: async ({ world, takeOperator, from, to }) => {
      const second = takeOperator();
      world.command(second, { from, to });
      return () => second.exited;
    },
  },
  {
    name: "two operators, opposed",
    about: "a second run of the tool that wants the other side",
    part: "all of it",
    strike: async ({ world, takeOperator, from, to }) => {
      const second = takeOperator();
      world.command(second, { from: to, to: from });
      return () => second.exited;
    },
  },
];
