import { commitRole } from "../../control/role";
import type { Step } from "../flip";
import { seeThatItStandsStill } from "../standStill";

/**
 * Once the uploads are all there and what changed last has been compared: one row update on the old primary, refused if
 * the lease has ended, the last transaction of its time. It reaches the new primary by the stream that still runs; from
 * here only forward.
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
      // A stray write is the other cause of a refusal, and has another way out.
      await seeThatItStandsStill(flip);
      throw error;
    }
    flip.say(`committed as ${flip.commitGtid}`);
  },
};
