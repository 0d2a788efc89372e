import { readRoles } from "../../control/mariadb/primary";
import { likelyPrimary, type RoleViews } from "../../control/primary";
import { WikiferryError } from "../../errors";
import type { Side } from "../../move";
import type { MoveSession } from "../../session";

/** The state of a move, by the databases' own records. */
export interface Standing {
  /** Who takes the edits; undefined where no record says so, as before a move and after it was undone. */
  primary: Side | undefined;
  /** Sides that gave no answer, with the reason. */
  away: Partial<Record<Side, Error>>;
}

/** @throws `CTRL_TWO_PRIMARIES` */
export async function standingOf(move: MoveSession): Promise<Standing> {
  return standing(await readRoles(move));
}

/** Pure. @throws `CTRL_TWO_PRIMARIES` */
export function standing(views: RoleViews): Standing {
  const away: Standing["away"] = {};
  for (const side of ["blue", "green"] as const) {
    const found = views[side];
    if (found instanceof Error) away[side] = found;
  }
  return { primary: likelyPrimary(views)?.side, away };
}

/**
 * Refuses an action on the side that takes the edits.
 * @throws `UNDO_GREEN_ACTIVE`
 */
export function refuseActiveGreen({ primary }: Standing, what: string, archived: boolean): void {
  if (primary !== "green") return;
  throw new WikiferryError(
    "UNDO_GREEN_ACTIVE",
    `green takes the edits by the record on the databases, so ${what} would lose them`,
    archived
      ? "The move is over, and blue is its archive: nothing was changed. `npm run status` lists what is left on blue"
      : "Switch back first: npx pulumi config set active blue && npx pulumi up; then run this again. Nothing was changed",
  );
}
