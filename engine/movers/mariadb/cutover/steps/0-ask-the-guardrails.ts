import { WikiferryError } from "../../../../errors";
import { rearmWatchdog } from "../../fencing/watchdog";
import type { Flip, Step } from "../flip";

/**
 * Refuses whatever forbids a flip. Changes nothing before that, except that it re-arms a dead man's switch that sleeps.
 */
export const askTheGuardrails: Step = {
  name: "ask the guardrails",
  async run(flip) {
    for (const server of [flip.source, flip.target])
      if (await rearmWatchdog(server))
        flip.say(`the dead man's switch of ${server.side} was asleep and is re-armed`);
    await refuseBlockers(flip);
  },
};

/** @throws the first blocker's code, naming the others */
export async function refuseBlockers(flip: Flip): Promise<void> {
  const blockers = (await flip.ctx.findBlockers(flip.from, flip.to)).filter(
    (finding) => finding.severity === "block",
  );
  const first = blockers[0];
  if (!first) return;
  const others = blockers.slice(1).map((finding) => `${finding.code} (${finding.found})`);
  throw new WikiferryError(
    first.code,
    others.length === 0 ? first.found : `${first.found}; also ${others.join(", ")}`,
    first.remedy,
  );
}
