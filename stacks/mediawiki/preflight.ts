import { appendFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import type { MoveSpec, Secrets } from "../../engine/move";
import type { PreflightResult } from "../../engine/operations/preflight";
import type { Ladder } from "../common/phase";
import { askBeforehand } from "./askBeforehand";
import type { MediaWikiConfig } from "./config";
import { endOfTheWayBack, line, outlook, passedLine, refusal, sortFindings } from "./preflightText";

/**
 * Asks every server what stands in the way, in each preview and before each update, and prints it: what blocks, what is
 * worth knowing. A preview also prints what there is to copy, and how many checks passed.
 * @throws RunError naming what blocks; nothing has been changed then.
 */
export async function checkBeforehand(
  config: MediaWikiConfig,
  spec: MoveSpec,
  secrets: Secrets,
  ladder: Ladder,
): Promise<void> {
  const previewing = pulumi.runtime.isDryRun();
  const { findings, ...predicted } = await askBeforehand(config, spec, secrets, ladder, previewing);
  if (previewing && !ladder.archived) keep(predicted);
  const sorted = sortFindings(findings);
  if (sorted.blocks.length > 0) throw new pulumi.RunError(refusal(sorted));
  for (const finding of sorted.warnings) await pulumi.log.warn(line(finding));
  if (!previewing) return;
  const more = ladder.archived ? [endOfTheWayBack(config)] : outlook(predicted, config);
  await pulumi.log.info([...more, passedLine(sorted.passed)].join("\n"));
}

/** A file that receives each preview's predictions as a line of JSON. Unset means none. */
function keep(predicted: Pick<PreflightResult, "toCopy" | "pause">): void {
  const file = process.env.WIKIFERRY_ESTIMATES;
  if (file) appendFileSync(file, `${JSON.stringify({ at: new Date().toISOString(), ...predicted })}\n`);
}
