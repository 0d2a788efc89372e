import type { Side } from "../../../move";
import type { CutoverContext, FlipResult } from "./context";
import { CutoverRun } from "./run";

/**
 * Makes `to` the primary: cutover and switchback alike. First it recovers what a killed run left behind, so it can be
 * called again after a kill at any point. If `to` is the primary then, nothing more is done. An attempt that fails
 * before the commit is undone, and `from` takes writes again. After the commit it only goes forward.
 * @throws the cause of the failure, once it is undone
 */
export async function cutover(
  ctx: CutoverContext,
  { from, to }: { from: Side; to: Side },
): Promise<FlipResult> {
  const { epoch, flip } = await new CutoverRun(ctx, to).toTheEnd();
  return flip ?? nothingToDo(from, to, epoch);
}

/**
 * Restores a clean state in which one side is the primary, as the record says. Does nothing if everything already
 * holds.
 * @returns who is the primary
 */
export async function recover(ctx: CutoverContext): Promise<{ primary: Side; epoch: number }> {
  const { primary, epoch } = await new CutoverRun(ctx, undefined).toTheEnd();
  return { primary, epoch };
}

function nothingToDo(from: Side, to: Side, epoch: number): FlipResult {
  return {
    from,
    to,
    alreadyThere: true,
    writePauseMs: 0,
    fencedAtMs: 0,
    readOnlyMs: 0,
    holdMs: 0,
    steps: [],
    fenceGtid: "",
    epoch,
    verifiedTo: "",
  };
}
