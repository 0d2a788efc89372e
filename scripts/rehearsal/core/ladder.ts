import type { Side } from "../../../engine/move";

export const stops = ["sync", "switch", "green"] as const;
export type Stop = (typeof stops)[number];

/** One `pulumi up` of the rehearsal: what is set before it. */
export interface Rung {
  name: string;
  /** Config keys to set, in order. */
  set: [key: string, value: string][];
  /** The flip that it carries out. */
  flip?: { from: Side; to: Side };
  /** Whether `pulumi preview` is asked first how long it will take. */
  predicted?: boolean;
  /** The application's own settings on green, in place of what an earlier rung gave them. */
  settings?: string;
  /** A step that must fail, and hurt nobody. */
  fails?: boolean;
  /** `--until` with this word stops after it. */
  stop?: Stop;
}

/** The steps of every move: over, back, over, retired. A world puts its own between them. */
export const rungs = {
  prepare: { name: "prepare", set: [["phase", "prepare"]] },
  sync: { name: "sync", set: [["phase", "sync"]], predicted: true, stop: "sync" },
  switch: { name: "switch", set: [["phase", "switch"]], stop: "switch" },
  canary: { name: "canary 10", set: [["canary", "10"]] },
  over: {
    name: "active green",
    set: [
      ["canary", "0"],
      ["active", "green"],
    ],
    flip: { from: "blue", to: "green" },
    predicted: true,
    stop: "green",
  },
  back: {
    name: "active blue",
    set: [["active", "blue"]],
    flip: { from: "green", to: "blue" },
    predicted: true,
  },
  overAgain: {
    name: "active green again",
    set: [["active", "green"]],
    flip: { from: "blue", to: "green" },
    predicted: true,
  },
  retire: {
    name: "retire",
    set: [
      ["retire.confirm", "rehearsal"],
      ["phase", "retire"],
    ],
  },
} satisfies Record<string, Rung>;
