import type { Step } from "../flip";

/** Stops jobs and warms the new side, while everybody goes on editing. */
export const quiesce: Step = {
  name: "quiesce",
  async run(flip) {
    await flip.ctx.surroundings.quiesce(flip.from, flip.to);
  },
};
