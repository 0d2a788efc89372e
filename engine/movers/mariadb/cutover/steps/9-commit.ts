import { commitRole } from "../../../../control/mariadb/role";
import type { Step } from "../flip";
import { seeThatItStandsStill } from "../standStill";

/**
 * Runs once all uploads have arrived and the most recent changes have been compared. It updates one row on the old
 * primary, and the server refuses if the lease has ended. This is the old primary's last transaction. It reaches the
 * new primary through the stream that still runs. From here the flip only goes forward.
 */
export const commit: Step = {
  name: "commit",
  async run(flip) {
    await flip.files;
    flip.verified = await flip.ctx.verification?.outcome();
    const { to, epoch, fenceGtid, ctx } = flip;
    const wanted = { to, epoch, leaseHolder: ctx.holder, position: fenceGtid };
    try {
      flip.commitGtid = await commitRole(flip.source, wanted);
    } catch (error) {
      // A stray write is the other cause of a refusal, and has a different remedy.
      await seeThatItStandsStill(flip);
      throw error;
    }
    flip.say(`committed as ${flip.commitGtid}`);
  },
};
