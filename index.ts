import * as pulumi from "@pulumi/pulumi";
import { WikiferryError } from "./engine/errors";
import { readConfig } from "./stacks/config/read";
import { ladderFor } from "./stacks/phase";
import { checkBeforehand } from "./stacks/preflight";
import { moveSpec, secretsOf } from "./stacks/spec";
import { wikiStack } from "./stacks/wiki";

async function program() {
  const { allConfig } = pulumi.runtime as unknown as { allConfig(): Record<string, string> };
  const config = readConfig(allConfig(), pulumi.getProject());
  const wanted = { phase: config.phase, active: config.active, canary: config.canary };
  const ladder = ladderFor(wanted, config["wiki.name"], config["retire.confirm"]);
  const spec = moveSpec(config);
  const secrets = secretsOf(config, process.cwd());
  await checkBeforehand(config, spec, secrets, ladder);
  return wikiStack(config, spec, secrets, ladder);
}

export = () =>
  program().catch((error: unknown) => {
    // Shown as one line, without a stack: it says what to do.
    throw error instanceof WikiferryError ? new pulumi.RunError(error.message) : error;
  });
