import { WikiferryError } from "../../../errors";
import { open } from "../access";
import { handOn, type Step } from "../flip";

/** Lets the new primary apply the commit and opens it, before it does so by itself. */
export const openTheNewPrimary: Step = {
  name: "open the new primary",
  async run(flip) {
    const { to, commitGtid } = flip;
    const { catchUpMs } = flip.ctx.limits;
    const applied = await handOn(flip, to).value("SELECT MASTER_GTID_WAIT(?, ?)", [
      commitGtid,
      catchUpMs / 1000,
    ]);
    if (applied !== "0") {
      throw new WikiferryError(
        "CUTOVER_COMMIT_ON_ITS_WAY",
        `${to} is the primary from ${commitGtid} on, and has not applied that within ${catchUpMs} ms`,
        "It opens by itself when it has. Run again to finish the rest",
      );
    }
    await open(flip.target, flip.ctx.holder);
    flip.openedAt = performance.now();
  },
};
