import { killWriters } from "../../accounts/accounts";
import { fence } from "../access";
import { type Step, sessionOn } from "../flip";

/** Makes the old primary refuse writes, restarts included, and only then reads its last transaction. */
export const fenceThePrimary: Step = {
  name: "fence the primary",
  async run(flip) {
    const { appUser, holder } = flip.ctx;
    flip.fencedAt = performance.now();
    flip.fenceGtid = await fence(flip.source, sessionOn(flip, flip.from), holder);
    // Their COMMIT would fail (error 1290), and until then their row locks would block the reverse stream. They are
    // ended while the new primary catches up.
    flip.writersEnded = killWriters(flip.source, appUser);
    flip.writersEnded.catch(() => {});
  },
};
