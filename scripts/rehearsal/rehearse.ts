import { join } from "node:path";
import { setup } from "../setup/index";
import { requireLocalEngine } from "../setup/localEngine";
import { projectDir } from "../setup/paths";
import { factsOf } from "./facts";
import { howToGoOn } from "./goOn";
import { MemoryWatch } from "./memory";
import type { RehearsalOptions } from "./options";
import { summary, writeReport } from "./report";
import { Run } from "./run";
import { Say } from "./say";

/**
 * The whole rehearsal, or up to where `--until` stops it. What goes wrong is in the report, with what was seen until
 * then.
 * @returns whether every promise was kept
 */
export async function rehearse(options: RehearsalOptions): Promise<boolean> {
  requireLocalEngine();
  const startedAt = new Date().toISOString();
  const memory = new MemoryWatch();
  const say = new Say();
  const run = new Run(options, say);
  // Without it there is nothing that a report could tell of.
  await run.timed("set-up", setup);
  await run.all();

  const facts = {
    ...(await factsOf(run, options)),
    startedAt,
    endedAt: new Date().toISOString(),
    peakMemoryBytes: memory.stop(),
  };
  const report = writeReport(facts, join(projectDir, "reports"));
  if (run.failure) process.stderr.write(`\n${run.failure.message}\n`);
  process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : `\n${summary(report)}\n`);
  if (run.stoppedAfter && run.world) process.stdout.write(howToGoOn(run.world, run.stage, run.stoppedAfter));
  return report.ok;
}
