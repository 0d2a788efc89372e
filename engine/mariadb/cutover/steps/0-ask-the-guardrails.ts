import { WikiferryError } from "../../../errors";
import type { Flip, Step } from "../flip";

/** Refuses whatever forbids a flip, before anything is touched. */
export const askTheGuardrails: Step = {
  name: "ask the guardrails",
  run: refuseBlockers,
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
    first.wayOut,
  );
}
