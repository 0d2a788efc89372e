import { messageOf } from "../../engine/errors";
import type { Side } from "../../engine/move";
import { inventory, lookAround, type Seen } from "../../engine/operations/inventory";
import { checkVolumes, gateRuns } from "../../engine/operations/undo/green";
import { refuseActiveGreen, type Standing, standingOf } from "../../engine/operations/undo/standing";
import type { MoveSession } from "../../engine/session";
import type { Stack } from "../common/stack";
import { refuseWhileGateServes } from "./edge";

export interface Wishes {
  keepGreen: boolean;
  /** Green's host is gone for good: the stack forgets it without asking it. */
  forgetGreen: boolean;
  removeVolumes: string[];
  removeReplaced: boolean;
  restart: boolean;
  /** The wiki's name, where DNS and CDN point at blue again. */
  trafficOnBlue?: string;
}

/** What `undo` would do, before it does anything. */
export interface Plan {
  stack: string;
  wiki: string;
  phase: string;
  primary: Side | null;
  /** The sides that do not answer, and why. */
  away: Partial<Record<Side, string>>;
  /** What is there, and would be taken back or kept. */
  there: Seen;
  green: "kept" | "removed" | "forgotten";
  restart: boolean;
  removeReplaced: boolean;
  removeVolumes: string[];
}

/**
 * Looks at both sides. Never writes.
 * @throws `UNDO_GREEN_ACTIVE`, `CTRL_TWO_PRIMARIES`, `UNDO_GATE_SERVES`, `UNDO_VOLUME`; what kept both databases from
 * naming the primary
 */
export async function planUndo(
  { name, config }: Pick<Stack, "name" | "config">,
  move: MoveSession,
  wishes: Wishes,
): Promise<Plan> {
  const standing = await standingOf(move);
  refuseActiveGreen(standing, "taking the move back", config.phase === "retire");
  refuseUnknown(standing);
  const gone = !wishes.keepGreen;
  if (gone && (config.phase === "switch" || (await gateRuns(move))))
    await refuseWhileGateServes(config, wishes.trafficOnBlue);
  await checkVolumes(move, wishes.removeVolumes);
  return {
    stack: name,
    wiki: config.name,
    phase: config.phase,
    primary: standing.primary ?? null,
    away: Object.fromEntries(Object.entries(standing.away).map(([side, error]) => [side, messageOf(error)])),
    there: await lookAround(move, inventory),
    green: wishes.keepGreen ? "kept" : wishes.forgetGreen ? "forgotten" : "removed",
    restart: wishes.restart,
    removeReplaced: wishes.removeReplaced,
    removeVolumes: wishes.removeVolumes,
  };
}

/** Green may be the primary, as long as no record names blue. */
function refuseUnknown({ primary, away }: Standing): void {
  if (primary === undefined && away.blue) throw away.blue;
}
