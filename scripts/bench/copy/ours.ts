import { join } from "node:path";
import { Child } from "../cutover/child";
import type { Contender } from "./contender";
import type { CopyOrder, CopyOutcome } from "./copyOrder";
import type { Lab } from "./lab";

/** Our copy, by one of its methods. */
export function ours(lab: Lab, method: "logical" | "physical"): Contender {
  return {
    name: `wikiferry, ${method}`,
    prepare: () => lab.resetGreen(),
    async copy() {
      const { spec, secrets } = lab.pair;
      const child = new Child(join(__dirname, "child.ts"), "the copy");
      try {
        const order: CopyOrder = { spec: { ...spec, copy: { ...spec.copy, method } }, secrets };
        const outcome = await child.ask<CopyOutcome>(order);
        if (outcome.error) throw new Error(`our copy failed: ${outcome.error}`);
        return outcome;
      } finally {
        await child.end();
      }
    },
  };
}
