import type { dynamic } from "@pulumi/pulumi";
import { endWithEngine } from "../../plugins/sdk/lifeline";
import { type Kinds, readStackBy } from "./kind";

/**
 * Reads what the handlers of dynamic resources receive, in the provider's own process, from the config as the program
 * does.
 */
export function credentialsReader(kinds: Kinds) {
  return (config: dynamic.ConfigureRequest["config"]): unknown => {
    watchEngine();
    const stack = readStackBy(kinds, (name) => config.get(name));
    return stack.kind.credentials(stack.config, process.cwd());
  };
}

let watched = false;

/** The dynamic provider's process serves several resources, and is configured for each. */
function watchEngine(): void {
  const engine = process.argv.at(-1) ?? "";
  if (watched || !process.argv[1]?.includes("dynamic-provider")) return;
  watched = true;
  endWithEngine(engine);
}
