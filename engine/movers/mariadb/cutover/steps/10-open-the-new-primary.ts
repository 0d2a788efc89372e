import { WikiferryError } from "../../../../errors";
import { openWhenApplied } from "../access";
import { applyDespiteErrant } from "../errantTransactions";
import { type Flip, type Step, sessionOn } from "../flip";
import { retryWhile } from "../retryWhile";

/** Lets the new primary apply the commit and opens it, before it would do so by itself. */
export const openTheNewPrimary: Step = {
  name: "open the new primary",
  async run(flip) {
    const { to, target, commitGtid: gtid } = flip;
    const { limits, holder } = flip.ctx;
    const timeoutMs = limits.catchUpMs;
    const opening = openWhenApplied(target, sessionOn(flip, to), { gtid, timeoutMs, holder });
    if (!(await retryWhile(opening, () => helpOn(flip)))) {
      throw new WikiferryError(
        "CUTOVER_COMMIT_ON_ITS_WAY",
        `${to} is the primary from ${gtid} on, and did not apply that within ${timeoutMs} ms`,
        "It opens by itself when it has. Run again to finish the rest",
      );
    }
    flip.openedAt = performance.now();
  },
};

async function helpOn({ target, commitGtid, ctx, say }: Flip): Promise<void> {
  const stray = await applyDespiteErrant(target, commitGtid, ctx.holder);
  if (stray !== undefined) say(`someone wrote on ${target.side} meanwhile (${stray}); it stays there`);
}
