import { WikiferryError } from "../../../errors";
import { openWhenApplied } from "../access";
import { handOn, type Step } from "../flip";

/** Lets the new primary apply the commit and opens it, before it does so by itself. */
export const openTheNewPrimary: Step = {
  name: "open the new primary",
  async run(flip) {
    const { to, target, commitGtid: gtid } = flip;
    const { limits, holder } = flip.ctx;
    const timeoutMs = limits.catchUpMs;
    if (!(await openWhenApplied(target, handOn(flip, to), { gtid, timeoutMs, holder }))) {
      throw new WikiferryError(
        "CUTOVER_COMMIT_ON_ITS_WAY",
        `${to} is the primary from ${gtid} on, and has not applied that within ${timeoutMs} ms`,
        "It opens by itself when it has. Run again to finish the rest",
      );
    }
    flip.openedAt = performance.now();
  },
};
