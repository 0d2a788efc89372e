import type { Kind } from "../common/kind";
import { ladderFor } from "../common/phase";
import { type MediaWikiConfig, schema } from "./config";
import { checkBeforehand } from "./preflight";
import { moveSpec, secretsOf } from "./spec";
import { mediaWikiStack } from "./stack";

/** A MediaWiki moves from hosts reached by SSH to containers on Docker. */
export const mediawiki: Kind<MediaWikiConfig> = {
  title: "a MediaWiki move",
  example: "Pulumi.prod.yaml",
  schema,
  async program(config, projectDirectory) {
    const { name, phase, active, canary, retire } = config;
    const ladder = ladderFor({ phase, active, canary }, name, retire.confirm);
    const spec = moveSpec(config);
    const secrets = secretsOf(config, projectDirectory);
    await checkBeforehand(config, spec, secrets, ladder);
    return mediaWikiStack(config, spec, secrets, ladder);
  },
  credentials: secretsOf,
  // Loaded on first use: neither the program nor a provider needs it.
  status: async (request) => (await import("./status")).statusOf(request),
};
