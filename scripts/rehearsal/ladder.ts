import type { Side } from "../../engine/move";
import type { Stop } from "./options";

/** One `pulumi up` of the rehearsal: what is set before it. */
export interface Rung {
  name: string;
  /** Config keys to set, in order. */
  set: [key: string, value: string][];
  /** The flip that it carries out. */
  flip?: { from: Side; to: Side };
  /** `--until` with this word stops after it. */
  stop?: Stop;
}

/** The whole move: over, back, over, retired. */
export const ladder: readonly Rung[] = [
  { name: "prepare", set: [["phase", "prepare"]] },
  { name: "sync", set: [["phase", "sync"]], stop: "sync" },
  { name: "switch", set: [["phase", "switch"]], stop: "switch" },
  { name: "canary 10", set: [["canary", "10"]] },
  {
    name: "active green",
    set: [
      ["canary", "0"],
      ["active", "green"],
    ],
    flip: { from: "blue", to: "green" },
    stop: "green",
  },
  { name: "active blue", set: [["active", "blue"]], flip: { from: "green", to: "blue" } },
  { name: "active green again", set: [["active", "green"]], flip: { from: "blue", to: "green" } },
  {
    name: "retire",
    set: [
      ["retire.confirm", "rehearsal"],
      ["phase", "retire"],
    ],
  },
];
