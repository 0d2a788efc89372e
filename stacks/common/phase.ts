import { WikiferryError } from "../../engine/errors";
import type { Side } from "../../engine/move";

/** How far the move may go; see the steps in the README. */
export const phases = ["prepare", "sync", "switch", "retire"] as const;
export type Phase = (typeof phases)[number];

/** The wanted state, as the config names it. */
export interface Wanted {
  phase: Phase;
  active: Side;
  canary: number;
}

/** What must exist and hold in a wanted state. */
export interface Ladder {
  /** Green's environment is there and blue is adopted. */
  environment: boolean;
  /** Copied, followed and verified; green's MediaWiki runs. */
  synced: boolean;
  /** The gate is the wiki's entrance. */
  gate: boolean;
  /** The passive side follows the active one. */
  following: boolean;
  /** Blue's data is archived and nothing follows any more. */
  archived: boolean;
  active: Side;
  canary: number;
}

/**
 * What a wanted state requires.
 * @param name The stack's; `retire` must be confirmed with it.
 * @throws `CONFIG_COMBINATION` where the values contradict each other.
 */
export function ladderFor(wanted: Wanted, name: string, retireConfirm = ""): Ladder {
  const { phase, active, canary } = wanted;
  if (active === "green" && (phase === "prepare" || phase === "sync")) {
    throw new WikiferryError(
      "CONFIG_COMBINATION",
      `active is green in phase ${phase}, but edits can go to green only once the gate carries the traffic`,
      "Set phase to switch, or active to blue",
    );
  }
  if (canary > 0 && phase !== "switch") {
    throw new WikiferryError(
      "CONFIG_COMBINATION",
      `canary is ${canary} in phase ${phase}, but page views can be split only in phase switch`,
      "Set canary to 0, or phase to switch",
    );
  }
  if (phase === "retire" && active === "blue") {
    throw new WikiferryError(
      "CONFIG_COMBINATION",
      "phase is retire while active is blue, which would retire the side that takes the edits",
      "Set active to green first, or phase to switch",
    );
  }
  if (phase === "retire" && retireConfirm !== name) {
    throw new WikiferryError(
      "CONFIG_COMBINATION",
      `phase retire ends the way back, and retire.confirm is ${JSON.stringify(retireConfirm)}`,
      `To continue: pulumi config set --path retire.confirm ${name}`,
    );
  }
  const rung = phases.indexOf(phase);
  return {
    environment: true,
    synced: rung >= phases.indexOf("sync"),
    gate: rung >= phases.indexOf("switch"),
    following: phase === "sync" || phase === "switch",
    archived: phase === "retire",
    active,
    canary,
  };
}

/** A legal change of the config from here, as `status` shows it. */
export interface NextStep {
  command: string;
  effect: string;
}

/** The legal changes from a wanted state that holds. */
export function nextSteps({ phase, active, canary }: Wanted, name: string): NextStep[] {
  const set = (key: string, value: string | number) => `pulumi config set ${key} ${value} && pulumi up`;
  switch (phase) {
    case "prepare":
      return [{ command: set("phase", "sync"), effect: "copies, follows and verifies while blue serves" }];
    case "sync":
      return [{ command: set("phase", "switch"), effect: "the gate carries all traffic, still to blue" }];
    case "switch":
      if (active === "blue") {
        return [
          {
            command: set("canary", canary === 0 ? 10 : 0),
            effect: canary === 0 ? "10 % of page views from green" : "no page views from green",
          },
          { command: set("active", "green"), effect: "cutover: green takes the edits" },
        ];
      }
      return [
        { command: set("active", "blue"), effect: "switchback: blue takes the edits, with all made since" },
        {
          command: `pulumi config set --path retire.confirm ${name} && ${set("phase", "retire")}`,
          effect: "stops following and archives blue; ends the way back",
        },
      ];
    case "retire":
      return [];
  }
}
