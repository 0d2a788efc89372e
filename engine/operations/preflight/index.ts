import { type Expected, webPreflight } from "../../apps/mediawiki/preflight";
import { type Accepted, wayInFindings } from "../../apps/mediawiki/wayIn";
import { wayToBlue } from "../../apps/mediawiki/ways";
import { findPrimary } from "../../control/mariadb/primary";
import { WikiferryError } from "../../errors";
import type { Estimate, Prediction } from "../../estimate";
import { asked, block, type Finding, findingOf, warn } from "../../finding";
import { type ContainerRef, otherSide, type Side, type SshTarget } from "../../move";
import { findListening } from "../../movers/mariadb/adopt/listening";
import { copyState } from "../../movers/mariadb/copy/state";
import { estimate } from "../../movers/mariadb/preflight/estimate";
import { freeBytesOn } from "../../movers/mariadb/preflight/freeBytes";
import { mariadbPreflight } from "../../movers/mariadb/preflight/preflight";
import { execInContainer, isMade } from "../../runtime/docker/exec";
import type { MoveSession } from "../../session";
import { wikiGuardrails } from "../guardrails";
import { openGate } from "../openGate";
import { uploadsOf } from "../wikiControls";
import { flipOutlook, type Step, wayInOutlook } from "./outlook";
import { measurePause, pauseHistory, predictPause } from "./pause";

export interface PreflightOptions {
  /** Whether blue's MariaDB may be restarted. */
  allowRestart: boolean;
  /** The settings of green's MediaWiki. */
  identity: NonNullable<Expected["identity"]>;
  /** The side that the config wants to take the edits. If it is not the present one, that is a flip. */
  active: Side;
  /** Whether the config wants the gate to carry the traffic: phase `switch`. */
  gate: boolean;
  /** Per cent of page views that the config wants from the passive side. */
  canary: number;
  /** Whether green's containers reach blue over a Docker network that already exists. */
  attachedNetwork: boolean;
  accepted: Accepted;
  /** Whether to predict durations, which needs some seconds of measuring. */
  predict: boolean;
}

export interface PreflightResult {
  findings: Finding[];
  /**
   * What is still to be copied. Undefined once it is copied, where blue's database can't be asked, or where no
   * prediction is wanted.
   */
  toCopy: Estimate | undefined;
  /** Write pause of the next flip; undefined where no prediction is wanted. */
  pause: Prediction | undefined;
}

/** Asks every server what stands in the way of the whole move. Never writes. */
export async function preflight(move: MoveSession, options: PreflightOptions): Promise<PreflightResult> {
  const unreachable = await hostsUnreachable(move);
  // The checks below would only repeat it.
  if (unreachable.length > 0) return { findings: unreachable, toCopy: undefined, pause: undefined };
  const { spec, secrets, pool, blue, green } = move;
  const [greenDatabase, entrance] = await Promise.all([
    whileItRuns(spec.green.database, move),
    entranceOf(move),
  ]);
  const [database, web, uploads, wayIn] = await Promise.all([
    mariadbPreflight({
      blue,
      green: greenDatabase ? green : undefined,
      spec,
      allowRestart: options.allowRestart,
      adopting: true,
      freeBytes: (side) => freeBytesOn(side, move),
      async listening(variables) {
        const place = spec.blue.database;
        return findListening(
          variables,
          await pool.to(place.ssh),
          place,
          spec.green.database.replication.host,
        );
      },
    }),
    webPreflight(
      spec.blue.web,
      { wiki: spec.wiki, secretKey: secrets.wikiSecretKey, identity: options.identity },
      pool,
    ),
    uploadsOf(move).preflight(),
    wayInAhead(move, options, entrance !== undefined),
  ]);
  const findings = [...database, ...web, ...uploads];
  findings.push(...wayIn.filter(({ code }) => !web.some((finding) => finding.code === code)));
  const copied = greenDatabase && (await copyState(green).catch(() => undefined))?.state === "copied";
  const blocked = database.some(({ severity }) => severity === "block");
  if (copied && !blocked) {
    const step = (from: Side) => stepAhead(from, options, entrance);
    findings.push(...(await flipAhead(move, step, findings)));
  }
  if (blocked || !options.predict) return { findings, toCopy: undefined, pause: undefined };
  const toCopy = copied
    ? undefined
    : await estimate(blue, spec.wiki.database, { green: greenDatabase ? green : undefined, copy: spec.copy });
  return { findings, toCopy, pause: await pauseAhead(move, toCopy?.measured.probeMs) };
}

async function pauseAhead(move: MoveSession, probeMs: number | undefined): Promise<Prediction> {
  const from = await findPrimary(move).then(
    ({ side }) => side,
    () => "blue" as const,
  );
  return predictPause(await measurePause(move, from, probeMs), from, await pauseHistory(move));
}

/** What a flip would meet, or what the flip that the config asks for meets. */
async function flipAhead(
  move: MoveSession,
  stepFrom: (from: Side) => Step,
  told: readonly Finding[],
): Promise<Finding[]> {
  try {
    const { side: from } = await findPrimary(move);
    const found = await wikiGuardrails(move, { from, to: otherSide(from) });
    return flipOutlook(found, stepFrom(from), told);
  } catch (error) {
    const forbids = error instanceof WikiferryError && error.code === "CTRL_TWO_PRIMARIES";
    return [findingOf(error, forbids ? block : warn)];
  }
}

/** What the config asks for beyond what the gate does already. */
export function stepAhead(
  from: Side,
  { active, gate, canary }: Pick<PreflightOptions, "active" | "gate" | "canary">,
  entrance: { canary: number } | undefined,
): Step {
  if (from !== active) return "flip";
  return gate && (entrance === undefined || canary > entrance.canary) ? "switch" : "none";
}

/** How the gate splits page views, once there is one. A gate that does not answer counts as serving what it may. */
async function entranceOf(move: MoveSession): Promise<{ canary: number } | undefined> {
  if (!(await isMade(move.spec.gate, move.pool))) return undefined;
  const gate = openGate(move);
  try {
    return await gate.state();
  } catch {
    return { canary: 0 };
  } finally {
    gate.close();
  }
}

async function wayInAhead(
  move: MoveSession,
  options: PreflightOptions,
  carries: boolean,
): Promise<Finding[]> {
  try {
    const way = await wayToBlue(move, options.attachedNetwork);
    const found = await wayInFindings(move.spec, way, options.accepted);
    return wayInOutlook(found, carries ? "in switch" : options.gate ? "at switch" : "before switch");
  } catch (error) {
    return [findingOf(error, warn)];
  }
}

/** Whether a container runs. @throws `DOCKER_UNREACHABLE` */
async function whileItRuns(ref: ContainerRef, { pool }: MoveSession): Promise<boolean> {
  try {
    await execInContainer(ref, ["true"], pool);
    return true;
  } catch (error) {
    if (error instanceof WikiferryError && error.code === "CONTAINER_MISSING") return false;
    throw error;
  }
}

/**
 * Checks each host by SSH, and blue's database by its account. One that can't be reached is reported under its own
 * code.
 */
async function hostsUnreachable(move: MoveSession): Promise<Finding[]> {
  const { blue, green } = move.spec;
  const hosts = new Map<string, SshTarget>();
  for (const ssh of [blue.web.ssh, blue.database.ssh, blue.files.ssh, green.database.dockerVia]) {
    if (ssh) hosts.set(`${ssh.host}:${ssh.port}`, ssh);
  }
  const nothing = () => undefined;
  const attempts = await Promise.all([
    ...[...hosts.values()].map((ssh) => asked(() => move.pool.to(ssh).then(nothing))),
    asked(() => move.blue.session().then(nothing)),
  ]);
  const findings = attempts.filter((finding) => finding !== undefined);
  // The database is behind its own host, so one cause is reported once.
  return [...new Map(findings.map((finding) => [finding.code + finding.found, finding])).values()];
}
