import type { Step } from "../flip";

/** Holds new writes at the gate and waits for those in flight; what then is left is cut off by the fence, unacknowledged. */
export const holdTheWrites: Step = {
  name: "hold the writes",
  async run(flip) {
    const { surroundings, limits } = flip.ctx;
    // A heartbeat after the fence would move the position that must stand still.
    await flip.heartbeat?.stop();
    flip.ctx.verification?.rest();
    flip.heldAt = performance.now();
    await surroundings.hold();
    const left = await surroundings.drain(
      Math.min(limits.drainMs, flip.deadline?.leftMs() ?? limits.drainMs),
    );
    if (left > 0) flip.say(`${left} writes were still in flight after ${limits.drainMs} ms`);
    // No upload can be under way now. Beside the fence and the catch-up it costs no time of its own.
    flip.files = surroundings.lastFiles(flip.from, flip.to);
    flip.files.catch(() => {});
  },
};
