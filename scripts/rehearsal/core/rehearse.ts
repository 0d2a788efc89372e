import { join } from "node:path";
import type { Stage } from "../../common/stage";
import { requireLocalEngine } from "../../setup/localEngine";
import { projectDir } from "../../setup/paths";
import { factsOf } from "./facts";
import { howToGoOn } from "./goOn";
import type { Stop } from "./ladder";
import { MemoryWatch } from "./memory";
import { writeReport } from "./report";
import { summary } from "./report/summary";
import type { RehearsalFacts } from "./report/types";
import { Run } from "./run";
import { Say } from "./say";
import type { World } from "./world";

export interface RehearseOptions {
  /** The rung after which it stops, with everything running; none is the whole. */
  until?: Stop;
  /** Whether the report is printed as JSON. */
  json: boolean;
}

/**
 * The whole rehearsal, or up to where `until` stops it. What goes wrong is in the report, with what was seen until
 * then.
 * @returns whether every promise was kept
 */
export async function rehearse<Facts extends RehearsalFacts>(
  world: World<Facts>,
  stage: Stage,
  { until, json }: RehearseOptions,
): Promise<boolean> {
  requireLocalEngine();
  const startedAt = new Date().toISOString();
  const memory = new MemoryWatch();
  const run = new Run(world, stage, until, new Say());
  // Without it there is nothing that a report could tell of.
  await run.timed("set-up", () => world.setUp());
  await run.all();

  const facts = await world.facts({
    ...(await factsOf(run)),
    startedAt,
    endedAt: new Date().toISOString(),
    peakMemoryBytes: memory.stop(),
  });
  const report = writeReport(facts, world.report, join(projectDir, "reports"), world.reportName);
  if (run.failure) process.stderr.write(`\n${run.failure.message}\n`);
  process.stdout.write(
    json ? `${JSON.stringify(report)}\n` : `\n${summary(report, world.report, world.reportName)}\n`,
  );
  if (run.stoppedAfter) process.stdout.write(howToGoOn(world, stage, run.stoppedAfter));
  return report.ok;
}
