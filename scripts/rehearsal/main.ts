import { messageOf } from "../../engine/errors";
import { stageAt } from "../common/stage";
import { rehearse } from "./core/rehearse";
import { parseOptions } from "./worlds/mediawiki/options";
import { WikiWorld } from "./worlds/mediawiki/world";

const options = parseOptions(process.argv.slice(2));
const stage = stageAt();

rehearse(new WikiWorld(stage, options), stage, options).then(
  (ok) => {
    process.exitCode = ok ? 0 : 1;
  },
  (error) => {
    process.stderr.write(`\n${messageOf(error)}\n`);
    process.exitCode = 1;
  },
);
