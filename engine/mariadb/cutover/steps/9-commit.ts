import { WikiferryError } from "../../../errors";
import { commitRole } from "../../control/role";
import { open } from "../access";
import { handOn, type Step } from "../flip";
import { seeThatItStandsStill } from "./5-read-the-position";

/**
 * One row update on the old primary, refused if the lease has ended: the last transaction of its time. It reaches the
 * new primary by the stream that still runs; from here only forward.
 */
export const commit: Step = {
  name: "commit",
  async run(flip) {
    await flip.files;
    // What was written up to here still goes over with the stream; what a stray writer writes after the commit would be
    // on this side alone.
    await seeThatItStandsStill(flip);
    const gtid = await commitRole(flip.source, {
      to: flip.to,
      epoch: flip.epoch,
      leaseHolder: flip.ctx.holder,
    });
    flip.say(`committed as ${gtid}`);
    const applied = await handOn(flip, flip.to).value("SELECT MASTER_GTID_WAIT(?, ?)", [
      gtid,
      flip.ctx.limits.catchUpMs / 1000,
    ]);
    if (applied !== "0") {
      throw new WikiferryError(
        "CUTOVER_COMMIT_ON_ITS_WAY",
        `${flip.to} is the primary from ${gtid} on, and has not applied that within ${flip.ctx.limits.catchUpMs} ms`,
        "Run again: it goes forward from here",
      );
    }
    flip.say(`open ${flip.to}`);
    await open(flip.target);
    flip.openedAt = performance.now();
  },
};
