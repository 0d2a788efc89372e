import { fence } from "../access";
import { handOn, type Step } from "../flip";

/** Makes the old primary refuse writes, restarts included. */
export const fenceThePrimary: Step = {
  name: "fence the primary",
  async run(flip) {
    flip.fencedAt = performance.now();
    await fence(flip.source, handOn(flip, flip.from), flip.ctx.appUser);
  },
};
