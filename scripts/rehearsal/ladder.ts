import type { Side } from "../../engine/move";
import type { Stop } from "./options";

/** One `pulumi up` of the rehearsal: what is set before it. */
export interface Rung {
  name: string;
  /** Config keys to set, in order. */
  set: [key: string, value: string][];
  /** The flip that it carries out. */
  flip?: { from: Side; to: Side };
  /** Whether `pulumi preview` is asked first how long it will take. */
  predicted?: boolean;
  /** PHP that green's settings get, in place of what an earlier rung gave them. */
  settings?: string;
  /** A step that must fail, and hurt nobody. */
  fails?: boolean;
  /** `--until` with this word stops after it. */
  stop?: Stop;
}

/** The whole move: over, back, over, retired. */
export const ladder: readonly Rung[] = [
  { name: "prepare", set: [["phase", "prepare"]] },
  { name: "sync", set: [["phase", "sync"]], predicted: true, stop: "sync" },
  { name: "switch", set: [["phase", "switch"]], stop: "switch" },
  { name: "canary 10", set: [["canary", "10"]] },
  { name: "green's settings", set: [], settings: '$wgRightsText = "rehearsed";' },
  {
    name: "active green",
    set: [
      ["canary", "0"],
      ["active", "green"],
    ],
    flip: { from: "blue", to: "green" },
    predicted: true,
    stop: "green",
  },
  {
    name: "a broken setting",
    set: [["green.web.startSeconds", "10"]],
    settings: 'throw new RuntimeException( "broken by the rehearsal" );',
    fails: true,
  },
  {
    name: "the setting mended",
    set: [["green.web.startSeconds", "180"]],
    settings: '$wgRightsText = "mended";',
  },
  { name: "active blue", set: [["active", "blue"]], flip: { from: "green", to: "blue" }, predicted: true },
  {
    name: "active green again",
    set: [["active", "green"]],
    flip: { from: "blue", to: "green" },
    predicted: true,
  },
  {
    name: "retire",
    set: [
      ["retire.confirm", "rehearsal"],
      ["phase", "retire"],
    ],
  },
];
