import { relative } from "node:path";
import { nextSteps } from "../../../stacks/common/phase";
import type { Stage } from "../../common/stage";
import { projectDir } from "../../setup/paths";
import type { Rung } from "./ladder";
import type { RehearsalFacts } from "./report/types";
import type { World } from "./world";

/** What to do by hand where `--until` stopped. */
export function howToGoOn(world: World<RehearsalFacts>, stage: Stage, rung: Rung): string {
  const phase = rung.name === "sync" ? "sync" : "switch";
  const active = rung.flip?.to ?? "blue";
  const steps = nextSteps({ phase, active, canary: 0 }, "rehearsal");
  const width = Math.max(...steps.map(({ command }) => command.length));
  return [
    "",
    `Stopped after ${rung.name}; everything is running.`,
    "",
    ...world.addresses(rung).map(([name, value]) => `  ${name.padEnd(16)} ${value}`),
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
