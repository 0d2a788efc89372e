import { WikiferryError } from "../../../../errors";
import { Heartbeat } from "../../replication/lag";
import { lagging, raiseAutoIncrements, readAutoIncrements } from "../autoIncrement";
import type { Flip, Step } from "../flip";
import { refuseBlockers } from "./0-ask-the-guardrails";

/** Waits until the lag has been small for long enough, then asks the guardrails once more. */
export const gateTheLag: Step = {
  name: "gate the lag",
  async run(flip) {
    const { maxLagMs, lagStableMs, lagWaitMs } = flip.ctx.limits;
    const heartbeat = new Heartbeat(flip.source, flip.target);
    flip.heartbeat = heartbeat;
    heartbeat.start();
    await flip.ctx.verification?.approach();
    const end = performance.now() + lagWaitMs;
    for (;;) {
      const stableMs = heartbeat.stableMs(maxLagMs);
      if (stableMs >= lagStableMs) break;
      if (performance.now() > end) throw tooFarBehind(flip, heartbeat.lagMs, stableMs);
      flip.ctx.report({
        step: this.name,
        message: `lag ${heartbeat.lagMs === undefined ? "unknown" : `${heartbeat.lagMs.toFixed(0)} ms`}, below ${maxLagMs} ms for ${(stableMs / 1000).toFixed(0)} of ${lagStableMs / 1000} s`,
        percent: (100 * stableMs) / lagStableMs,
      });
      await new Promise((resolve) => setTimeout(resolve, Math.min(500, lagStableMs - stableMs + 20)));
    }
    // The step that holds the writes waits for the beat under way.
    void heartbeat.stop();
    // The wait may have been long, and conditions may have changed.
    await refuseBlockers(flip);
    const { database } = flip.ctx;
    const behind = lagging(
      await readAutoIncrements(flip.source, database),
      await readAutoIncrements(flip.target, database),
    );
    await raiseAutoIncrements(flip.target, database, behind);
  },
};

function tooFarBehind(flip: Flip, lagMs: number | undefined, stableMs: number): WikiferryError {
  const { maxLagMs, lagStableMs, lagWaitMs } = flip.ctx.limits;
  return new WikiferryError(
    "PRIMARY_LAG",
    `${flip.to} is ${lagMs === undefined ? "an unknown time" : `${(lagMs / 1000).toFixed(1)} s`} behind; within ${lagWaitMs / 1000} s the lag did not stay below ${maxLagMs} ms for ${lagStableMs / 1000} s (at the end: ${(stableMs / 1000).toFixed(1)} s)`,
    "Nothing was changed. Wait for a quieter time, or raise cutover.maxLagMs",
  );
}
