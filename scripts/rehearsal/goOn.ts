import { relative } from "node:path";
import { nextSteps } from "../../stacks/common/phase";
import { projectDir } from "../setup/paths";
import type { World } from "../world/index";
import type { Rung } from "./ladder";
import type { Stage } from "./stage";

/** What to do by hand where `--until` stopped. */
export function howToGoOn(world: World, stage: Stage, rung: Rung): string {
  const phase = rung.name === "sync" ? "sync" : "switch";
  const active = rung.flip?.to ?? "blue";
  const steps = nextSteps({ phase, active, canary: 0 }, "rehearsal");
  const width = Math.max(...steps.map(({ command }) => command.length));
  return [
    "",
    `Stopped after ${rung.name}; everything is running.`,
    "",
    `  the wiki         ${phase === "sync" ? world.wikiUrl : world.wiki.serverUrl}`,
    `  a test login     ${world.reader.name} / ${world.reader.password}`,
    "",
    "To go on by hand:",
    "",
    `  . ${relative(projectDir, stage.directory)}/env`,
    "  npx pulumi preview",
    ...steps.map(
      ({ command, effect }) =>
        `  ${command.replaceAll("pulumi ", "npx pulumi ").padEnd(width + 10)} # ${effect}`,
    ),
    "",
    "To take everything away: npm run clean",
    "",
  ].join("\n");
}
