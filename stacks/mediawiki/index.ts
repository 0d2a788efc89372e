import type { Kind } from "../common/kind";
import { ladderFor } from "../common/phase";
import { keys, type MediaWikiConfig } from "./config";
import { checkBeforehand } from "./preflight";
import { moveSpec, secretsOf } from "./spec";
import { mediaWikiStack } from "./stack";

/** A MediaWiki moves from hosts reached by SSH to containers on Docker. */
export const mediawiki: Kind<MediaWikiConfig> = {
  keys,
  async program(config, projectDirectory) {
    const { phase, active, canary } = config;
    const ladder = ladderFor({ phase, active, canary }, config["wiki.name"], config["retire.confirm"]);
    const spec = moveSpec(config);
    const secrets = secretsOf(config, projectDirectory);
    await checkBeforehand(config, spec, secrets, ladder);
    return mediaWikiStack(config, spec, secrets, ladder);
  },
  credentials: secretsOf,
};
