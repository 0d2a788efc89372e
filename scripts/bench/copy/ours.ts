import { join } from "node:path";
import type { MoveSpec } from "../../../engine/move";
import { Child } from "../cutover/child";
import type { Contender } from "./contender";
import type { CopyOrder, CopyOutcome } from "./copyOrder";
import type { Lab } from "./lab";

/** Both servers through the network of the public tools: the path to a published port has one process more. */
function inTheNetwork({ spec, ssh, addresses }: Lab["pair"]): MoveSpec {
  const toBlue = { ...ssh, host: addresses.blue, port: 22 };
  const { blue, green } = spec;
  return {
    ...spec,
    blue: {
      ...blue,
      database: { ...blue.database, admin: { ...blue.database.admin, via: toBlue }, ssh: toBlue },
    },
    green: {
      ...green,
      database: { ...green.database, admin: { host: addresses.green, port: 3306 } },
    },
  };
}

/** Our copy, by one of its methods. */
export function ours(lab: Lab, method: "logical" | "physical"): Contender {
  return {
    name: `wikiferry, ${method}`,
    prepare: () => lab.resetGreen(),
    async copy() {
      const { secrets } = lab.pair;
      const spec = inTheNetwork(lab.pair);
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
