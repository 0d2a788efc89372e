import type { dynamic } from "@pulumi/pulumi";
import type { Secrets } from "../engine/move";
import { endWithEngine } from "../plugins/sdk/lifeline";
import { rawFrom, readConfig } from "./config/read";
import { secretsOf } from "./spec";

/** The engine's secrets from the stack's config, in a dynamic provider's own process: as the program reads them. */
export function credentialsFrom(config: dynamic.ConfigureRequest["config"]): Secrets {
  watchEngine();
  return secretsOf(readConfig(rawFrom((name) => config.get(name))), process.cwd());
}

let watched = false;

/** The dynamic provider's process serves several resources, and is configured for each. */
function watchEngine(): void {
  const engine = process.argv.at(-1) ?? "";
  if (watched || !process.argv[1]?.includes("dynamic-provider")) return;
  watched = true;
  endWithEngine(engine);
}
