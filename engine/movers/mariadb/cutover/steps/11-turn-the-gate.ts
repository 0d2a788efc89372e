import type { Step } from "../flip";

/** How long MediaWiki on the new side may take to report that it takes writes, in milliseconds. */
const writableMs = 10_000;

/** Sends everything to the new side and releases what is held, once MediaWiki there takes writes. */
export const turnTheGate: Step = {
  name: "turn the gate",
  async run(flip) {
    const { controls } = flip.ctx;
    // Routes nothing there before it is writable: a page view would make MediaWiki remember the opposite.
    await controls.awaitWritable(flip.to, writableMs);
    await controls.turn(flip.to);
    flip.releasedAt = performance.now();
  },
};
