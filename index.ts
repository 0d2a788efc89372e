import * as pulumi from "@pulumi/pulumi";
import { readConfig } from "./stacks/config/read";
import { ladderFor } from "./stacks/phase";
import { checkBeforehand } from "./stacks/preflight";
import { moveSpec, secretsOf } from "./stacks/spec";
import { wikiStack } from "./stacks/wiki";

export = async () => {
  const { allConfig } = pulumi.runtime as unknown as { allConfig(): Record<string, string> };
  const config = readConfig(allConfig(), pulumi.getProject());
  const wanted = { phase: config.phase, active: config.active, canary: config.canary };
  const ladder = ladderFor(wanted, config["wiki.name"], config["retire.confirm"]);
  const spec = moveSpec(config);
  const secrets = secretsOf(config, process.cwd());
  await checkBeforehand(spec, secrets, ladder);
  return wikiStack(config, spec, secrets, ladder);
};
