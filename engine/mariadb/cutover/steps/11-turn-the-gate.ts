import type { Step } from "../flip";

/** How long MediaWiki on the new side may take to say that it takes writes, in milliseconds. */
const writableMs = 10_000;

/** Sends everything to the new side and lets go of what is held, once MediaWiki there takes writes. */
export const turnTheGate: Step = {
  name: "turn the gate",
  async run(flip) {
    const { surroundings } = flip.ctx;
    // Not routed before it is writable: a page view there would make MediaWiki remember the opposite.
    await surroundings.awaitWritable(flip.to, writableMs);
    await surroundings.turn(flip.to);
    flip.releasedAt = performance.now();
  },
};
