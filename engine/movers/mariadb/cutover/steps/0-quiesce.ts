import type { Step } from "../flip";

/** Stops jobs, warms the new side, and starts to compare what changes, while everybody goes on editing. */
export const quiesce: Step = {
  name: "quiesce",
  async run(flip) {
    const { surroundings, verification } = flip.ctx;
    await Promise.all([surroundings.quiesce(flip.from, flip.to), verification?.begin(flip.from, flip.to)]);
  },
};
