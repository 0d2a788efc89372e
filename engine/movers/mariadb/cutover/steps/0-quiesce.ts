import type { Step } from "../flip";

/** Stops jobs, warms the new side, and starts to compare what changes, while everybody goes on editing. */
export const quiesce: Step = {
  name: "quiesce",
  async run(flip) {
    const { controls, verification } = flip.ctx;
    await Promise.all([controls.quiesce(flip.from, flip.to), verification?.begin(flip.from, flip.to)]);
  },
};
