import { commitRole } from "../../control/role";
import type { Step } from "../flip";
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
    flip.commitGtid = await commitRole(flip.source, {
      to: flip.to,
      epoch: flip.epoch,
      leaseHolder: flip.ctx.holder,
    });
    flip.say(`committed as ${flip.commitGtid}`);
  },
};
