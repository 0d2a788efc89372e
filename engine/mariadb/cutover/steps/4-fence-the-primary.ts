import { fence } from "../access";
import { handOn, type Step } from "../flip";

/** Makes the old primary refuse writes, restarts included. */
export const fenceThePrimary: Step = {
  name: "fence the primary",
  async run(flip) {
    const { appUser, holder } = flip.ctx;
    flip.fencedAt = performance.now();
    await fence(flip.source, handOn(flip, flip.from), appUser, holder);
  },
};
