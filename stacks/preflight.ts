import * as pulumi from "@pulumi/pulumi";
import { openMove } from "../engine/context";
import type { MoveSpec, Secrets } from "../engine/move";
import type { Estimate, Finding } from "../engine/mover";
import { type PreflightResult, preflight } from "../engine/preflight";
import { silent } from "../engine/progress";
import type { Config } from "./config/keys";
import type { Ladder } from "./phase";

/**
 * Asks every server what stands in the way, in each preview and before each update, and prints it; a preview also
 * prints what is fine, and what there is to copy.
 *
 * @throws RunError naming what blocks; nothing has been touched then.
 */
export async function checkBeforehand(
  config: Config,
  spec: MoveSpec,
  secrets: Secrets,
  ladder: Ladder,
): Promise<void> {
  if (ladder.archived) {
    if (pulumi.runtime.isDryRun()) await pulumi.log.info(endOfTheWayBack(config));
    // Once blue is archived its hosts may be gone.
    return;
  }
  const { findings, toCopy } = await ask(config, spec, secrets);
  const blocks = findings.filter(({ severity }) => severity === "block");
  for (const finding of findings.filter(({ severity }) => severity === "warn"))
    await pulumi.log.warn(line(finding));
  if (blocks.length > 0) throw new pulumi.RunError(blocks.map(line).join("\n"));
  if (!pulumi.runtime.isDryRun()) return;
  const passed = findings.filter(({ severity }) => severity === "pass");
  await pulumi.log.info([...passed.map(line), ...outlook(toCopy, config)].join("\n"));
}

async function ask(config: Config, spec: MoveSpec, secrets: Secrets): Promise<PreflightResult> {
  const move = openMove(spec, secrets, silent);
  try {
    return await preflight(move, {
      allowRestart: config["adopt.allowRestart"],
      active: config.active,
      identity: {
        cookiePrefix: config["wiki.cookiePrefix"],
        sessionName: config["wiki.sessionName"],
        authenticationTokenVersion: config["wiki.authenticationTokenVersion"],
        hashedUploads: config["wiki.hashedUploads"],
      },
    });
  } finally {
    await move.close();
  }
}

/** What the last phase means, before it is carried out. */
export function endOfTheWayBack(config: Pick<Config, "wiki.name" | "retire.confirm">): string {
  return `phase retire ends the way back of ${config["wiki.name"]}: nothing follows any more, blue's last state is kept as an archive, and no edit made from then on reaches blue (confirmed by retire.confirm = ${config["retire.confirm"]}; to keep the way back, set phase to switch)`;
}

/** What there is to do, in the words of its owner. */
export function outlook(toCopy: Estimate | undefined, config: Config): string[] {
  const pause = `expected write pause of a flip: under 1 s (rehearsals on 2 cores: 0.3 to 0.4 s), after ${config["cutover.lagStableMs"] / 1000} s of small lag`;
  if (!toCopy) return [pause];
  const megabytes = (toCopy.bytes / 1e6).toFixed(1);
  const duration =
    toCopy.copyMs < 90_000
      ? `${Math.ceil(toCopy.copyMs / 1000)} s`
      : `${Math.ceil(toCopy.copyMs / 60_000)} min`;
  return [
    `to copy: about ${toCopy.rows.toLocaleString("en")} rows, ${megabytes} MB, in about ${duration}`,
    pause,
  ];
}

function line({ code, severity, found, wayOut }: Finding): string {
  return `${severity} ${code}: ${found}.${wayOut ? ` ${wayOut}` : ""}`;
}
