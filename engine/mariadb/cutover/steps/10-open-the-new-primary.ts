import { WikiferryError } from "../../../errors";
import { openWhenApplied } from "../access";
import { type Flip, handOn, type Step } from "../flip";
import { helping } from "../helping";
import { applyBesideStrays } from "../strays";

/** Lets the new primary apply the commit and opens it, before it would do so by itself. */
export const openTheNewPrimary: Step = {
  name: "open the new primary",
  async run(flip) {
    const { to, target, commitGtid: gtid } = flip;
    const { limits, holder } = flip.ctx;
    const timeoutMs = limits.catchUpMs;
    const opening = openWhenApplied(target, handOn(flip, to), { gtid, timeoutMs, holder });
    if (!(await helping(opening, () => helpOn(flip)))) {
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
  const stray = await applyBesideStrays(target, commitGtid, ctx.holder);
  if (stray !== undefined) say(`someone wrote on ${target.side} meanwhile (${stray}); it stays there`);
}
