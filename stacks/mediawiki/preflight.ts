import { appendFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import type { Prediction } from "../../engine/estimate";
import type { Finding } from "../../engine/finding";
import { duration, size } from "../../engine/format";
import type { MoveSpec, Secrets } from "../../engine/move";
import { type PreflightResult, preflight } from "../../engine/operations/preflight";
import { changesAhead } from "../../engine/operations/preflight/changes";
import { silent } from "../../engine/progress";
import { openMoveSession } from "../../engine/session";
import type { Ladder } from "../common/phase";
import type { MediaWikiConfig } from "./config";
import { fingerprints } from "./fingerprints";
import { extraSettings } from "./stack";

/**
 * Asks every server what stands in the way, in each preview and before each update, and prints it. A preview also
 * prints what is fine, and what there is to copy.
 * @throws RunError naming what blocks; nothing has been changed then.
 */
export async function checkBeforehand(
  config: MediaWikiConfig,
  spec: MoveSpec,
  secrets: Secrets,
  ladder: Ladder,
): Promise<void> {
  const changes = await askOfChanges(config, spec, secrets);
  if (ladder.archived) {
    await tell(changes);
    if (pulumi.runtime.isDryRun()) await pulumi.log.info(endOfTheWayBack(config));
    // Once blue is archived its hosts may be gone.
    return;
  }
  const { findings, toCopy, pause } = await ask(config, spec, secrets, ladder);
  keep({ toCopy, pause });
  await tell([...findings, ...changes], outlook({ toCopy, pause }, config));
}

/** @throws RunError naming what blocks */
async function tell(findings: readonly Finding[], more: readonly string[] = []): Promise<void> {
  const blocks = findings.filter(({ severity }) => severity === "block");
  for (const finding of findings.filter(({ severity }) => severity === "warn"))
    await pulumi.log.warn(line(finding));
  if (blocks.length > 0) throw new pulumi.RunError(blocks.map(line).join("\n"));
  if (!pulumi.runtime.isDryRun()) return;
  const passed = findings.filter(({ severity }) => severity === "pass");
  const told = [...passed.map(line), ...more];
  if (told.length > 0) await pulumi.log.info(told.join("\n"));
}

async function askOfChanges(config: MediaWikiConfig, spec: MoveSpec, secrets: Secrets): Promise<Finding[]> {
  const settings = extraSettings(config.wiki.settingsFile);
  const wanted = fingerprints(config, secrets, config.green.images, settings);
  const move = openMoveSession(spec, secrets, silent);
  try {
    return await changesAhead(move, wanted, {
      restart: config.green.allowRestart,
      renew: config.gate.renew,
    });
  } finally {
    await move.close();
  }
}

async function ask(
  config: MediaWikiConfig,
  spec: MoveSpec,
  secrets: Secrets,
  ladder: Ladder,
): Promise<PreflightResult> {
  const move = openMoveSession(spec, secrets, silent);
  try {
    return await preflight(move, {
      allowRestart: config.adopt.allowRestart,
      active: config.active,
      gate: ladder.gate,
      canary: ladder.canary,
      attachedNetwork: config.green.network !== undefined,
      accepted: {
        plainHttp: config.blue.web.allowPlainHttp,
        gateAddress: config.blue.web.allowGateAddress,
      },
      predict: pulumi.runtime.isDryRun(),
      identity: {
        cookiePrefix: config.wiki.cookiePrefix ?? "",
        sessionName: config.wiki.sessionName ?? "",
        authenticationTokenVersion: config.wiki.authenticationTokenVersion ?? "",
        hashedUploads: config.wiki.hashedUploads,
      },
    });
  } finally {
    await move.close();
  }
}

/** What the last phase means, before it is carried out. */
export function endOfTheWayBack(config: Pick<MediaWikiConfig, "name" | "retire">): string {
  return `phase retire ends the way back of ${config.name}: nothing follows any more, blue's last state is kept as an archive, and no edit made from then on reaches blue (confirmed by retire.confirm = ${config.retire.confirm}; to keep the way back, set phase to switch)`;
}

type Predicted = Pick<PreflightResult, "toCopy" | "pause">;

/** A file that receives each preview's predictions as a line of JSON. Unset means none. */
function keep(predicted: Predicted): void {
  const file = process.env.WIKIFERRY_ESTIMATES;
  if (!file || !pulumi.runtime.isDryRun()) return;
  appendFileSync(file, `${JSON.stringify({ at: new Date().toISOString(), ...predicted })}\n`);
}

/** What there is to do, in the words of its owner. */
export function outlook({ toCopy, pause }: Predicted, config: Pick<MediaWikiConfig, "cutover">): string[] {
  const lines: string[] = [];
  if (toCopy) {
    const { copy, catchUp } = toCopy;
    lines.push(
      `to copy: about ${toCopy.rows.toLocaleString("en")} rows, ${size(toCopy.bytes)}, in about ${duration(copy.ms)} (${describe(copy)})`,
      catchUp
        ? `to catch up after it: about ${duration(catchUp.ms)} (${describe(catchUp)})`
        : "to catch up after it: blue gets changes faster than green is expected to apply them",
    );
  }
  if (pause)
    lines.push(
      `expected write pause of a flip: about ${duration(pause.ms)} (${describe(pause)}), after ${config.cutover.lagStableMs / 1000} s of small lag`,
    );
  return lines;
}

function describe({ terms }: Prediction): string {
  return terms.map(({ name, ms }) => `${name} ${duration(ms)}`).join(", ");
}

function line({ code, severity, found, remedy }: Finding): string {
  return `${severity} ${code}: ${found}.${remedy ? ` ${remedy}` : ""}`;
}
