import type { Step } from "../flip";

/** Holds new writes at the gate and waits for those in flight. The fence cuts off what is left then, unacknowledged. */
export const holdTheWrites: Step = {
  name: "hold the writes",
  async run(flip) {
    const { controls, limits } = flip.ctx;
    // A heartbeat after the fence would move the position, which must not move.
    await flip.heartbeat?.stop();
    flip.ctx.verification?.rest();
    flip.heldAt = performance.now();
    await controls.hold();
    const left = await controls.drain(Math.min(limits.drainMs, flip.deadline?.leftMs() ?? limits.drainMs));
    if (left > 0) flip.say(`${left} writes were still in flight after ${limits.drainMs} ms`);
    // No upload can be under way now. This runs beside the fence and the catch-up, so it adds no time.
    flip.files = controls.lastFiles(flip.from, flip.to);
    flip.files.catch(() => {});
  },
};
