import type { Move } from "../context";
import { WikiferryError } from "../errors";
import { type Role, readRole } from "../mariadb/control/role";
import { answering } from "../mariadb/cutover/answering";
import { primaryOf, type RoleViews } from "../mariadb/cutover/primary";
import type { Side } from "../move";

/** How long a database may take to answer, in milliseconds: it may lie behind an SSH host that is away. */
const answerMs = 15_000;

/** Where a move stands, by the databases' own records. */
export interface Standing {
  /** Who takes the edits; undefined where no record says so, as before a move and after it was undone. */
  primary: Side | undefined;
  /** Sides that gave no answer, with the reason. */
  away: Partial<Record<Side, Error>>;
}

/** @throws `CTRL_TWO_PRIMARIES` */
export async function standingOf(move: Move): Promise<Standing> {
  const [blue, green] = await Promise.all([view(move, "blue"), view(move, "green")]);
  return standing({ blue, green });
}

/** Pure. @throws `CTRL_TWO_PRIMARIES` */
export function standing(views: RoleViews): Standing {
  const away: Standing["away"] = {};
  for (const side of ["blue", "green"] as const) {
    const found = views[side];
    if (found instanceof Error) away[side] = found;
  }
  return { primary: primaryIn(views), away };
}

function primaryIn(views: RoleViews): Side | undefined {
  try {
    return primaryOf(views).side;
  } catch (error) {
    if (error instanceof WikiferryError && error.code === "CTRL_TWO_PRIMARIES") throw error;
    // One side is away and the other does not name itself: its word about the other is the newest that there is.
    const known = (["blue", "green"] as const).map((side) => views[side]);
    return known.find((found): found is Role => found !== undefined && !(found instanceof Error))?.role;
  }
}

function view(move: Move, side: Side): Promise<Role | undefined | Error> {
  return answering(side, readRole(move[side]), answerMs).catch((error: unknown) =>
    error instanceof Error ? error : new Error(String(error)),
  );
}

/**
 * Refuses what would be done to the side that takes the edits.
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
