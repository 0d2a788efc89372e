import { WikiferryError } from "../../errors";
import type { Side } from "../../move";
import { otherSide } from "../../move";
import { type Role, readRole } from "../control/role";
import { answering } from "./answering";
import type { CutoverContext } from "./context";

/** The record as each side knows it; an error where a side gives no answer. */
export type RoleViews = Record<Side, Role | undefined | Error>;

/**
 * Who is the primary by the role records.
 *
 * A flip is committed on the old primary itself, so a side whose own record names it is the primary, whatever the
 * other one knows. If neither names itself, a commit is still on its way: the record with the higher epoch holds.
 * @throws `CTRL_NO_ROLE`, `CTRL_TWO_PRIMARIES`, or what kept a side from answering if it takes both to know
 */
export function primaryOf(views: RoleViews): { side: Side; epoch: number } {
  const known = (["blue", "green"] as const).flatMap((side) => {
    const role = views[side];
    return role === undefined || role instanceof Error ? [] : [{ side, ...role }];
  });
  const selfNamed = known.filter((view) => view.role === view.side);
  if (selfNamed.length === 2) {
    throw new WikiferryError(
      "CTRL_TWO_PRIMARIES",
      `blue's record names blue (epoch ${epochOf(views.blue)}), green's record names green (epoch ${epochOf(views.green)})`,
      "Someone promoted by hand or restored a backup: find out which side has the wiki's newest edits, and correct wikiferry.role on the other",
    );
  }
  const own = selfNamed[0];
  if (own) return { side: own.side, epoch: own.epoch };
  const failure = (["blue", "green"] as const)
    .map((side) => views[side])
    .find((view) => view instanceof Error);
  if (failure) throw failure;
  const newest = known.sort((a, b) => b.epoch - a.epoch)[0];
  if (!newest) {
    throw new WikiferryError(
      "CTRL_NO_ROLE",
      "neither database knows who is the primary",
      "Set phase to sync and run `pulumi up`",
    );
  }
  return { side: newest.role, epoch: newest.epoch };
}

function epochOf(view: Role | undefined | Error): number | undefined {
  return view instanceof Error ? undefined : view?.epoch;
}

export async function findPrimary(
  ctx: CutoverContext,
): Promise<{ side: Side; epoch: number; unreachable: Side | undefined }> {
  const [blue, green] = await Promise.all(
    (["blue", "green"] as const).map((side) =>
      answering(side, readRole(ctx.servers[side])).catch((error: unknown) =>
        error instanceof Error ? error : new Error(String(error)),
      ),
    ),
  );
  const found = primaryOf({ blue, green });
  const passive = otherSide(found.side);
  const unreachable = (passive === "blue" ? blue : green) instanceof Error ? passive : undefined;
  return { ...found, unreachable };
}
