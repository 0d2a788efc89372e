import type { Move } from "../context";
import { execInContainer } from "../docker/exec";
import { WikiferryError } from "../errors";
import { asked, type Finding, findingOf, warn } from "../finding";
import { copyState } from "../mariadb/copy/copy";
import { estimate } from "../mariadb/preflight/estimate";
import { freeBytesOn } from "../mariadb/preflight/freeBytes";
import { mariadbPreflight } from "../mariadb/preflight/preflight";
import { otherSide, type Side, type SshTarget } from "../move";
import type { Estimate, Prediction } from "../mover";
import { type Expected, webPreflight } from "../web/preflight";
import { wikiGuardrails } from "../wiki/guardrails";
import { primaryOf } from "../wiki/primary";
import { uploadsOf } from "../wiki/surroundings";
import { flipOutlook } from "./outlook";
import { measurePause, pauseHistory, predictPause } from "./pause";

export interface PreflightOptions {
  /** Whether blue's MariaDB may be restarted. */
  allowRestart: boolean;
  /** What green's MediaWiki is made with. */
  identity: NonNullable<Expected["identity"]>;
  /** The side that the config wants to take the edits; another than the one that does is a flip. */
  active: Side;
  /** Whether to predict how long things take, which needs some seconds of measuring. */
  predict: boolean;
}

export interface PreflightResult {
  findings: Finding[];
  /** What is still to be copied; undefined once it is, where blue's database can't be asked, or nobody wants to know. */
  toCopy: Estimate | undefined;
  /** Write pause of the next flip; undefined where nobody wants to know. */
  pause: Prediction | undefined;
}

/** Asks every server what stands in the way of the whole move; never writes. */
export async function preflight(move: Move, options: PreflightOptions): Promise<PreflightResult> {
  const unreachable = await hostsUnreachable(move);
  // The checks below would only repeat it.
  if (unreachable.length > 0) return { findings: unreachable, toCopy: undefined, pause: undefined };
  const { spec, secrets, pool, blue, green } = move;
  const greenDatabase = await whileItRuns(move);
  const [database, web, uploads] = await Promise.all([
    mariadbPreflight({
      blue,
      green: greenDatabase ? green : undefined,
      spec,
      allowRestart: options.allowRestart,
      adopting: true,
      freeBytes: (side) => freeBytesOn(side, move),
    }),
    webPreflight(
      spec.blue.web,
      { wiki: spec.wiki, secretKey: secrets.wikiSecretKey, identity: options.identity },
      pool,
    ),
    uploadsOf(move).preflight(),
  ]);
  const findings = [...database, ...web, ...uploads];
  const copied = greenDatabase && (await copyState(green).catch(() => undefined))?.state === "copied";
  const blocked = database.some(({ severity }) => severity === "block");
  if (copied && !blocked) findings.push(...(await flipAhead(move, options.active, findings)));
  if (blocked || !options.predict) return { findings, toCopy: undefined, pause: undefined };
  const toCopy = copied
    ? undefined
    : await estimate(blue, spec.wiki.database, { green: greenDatabase ? green : undefined, copy: spec.copy });
  return { findings, toCopy, pause: await pauseAhead(move, toCopy?.measured.probeMs) };
}

async function pauseAhead(move: Move, probeMs: number | undefined): Promise<Prediction> {
  const from = await primaryOf(move).catch(() => "blue" as const);
  return predictPause(await measurePause(move, from, probeMs), from, await pauseHistory(move));
}

/** What a flip would meet, or the one that the config asks for does meet. */
async function flipAhead(move: Move, active: Side, told: readonly Finding[]): Promise<Finding[]> {
  try {
    const from = await primaryOf(move);
    const found = await wikiGuardrails(move, { from, to: otherSide(from) });
    return flipOutlook(found, from !== active, told);
  } catch (error) {
    return [findingOf(error, warn)];
  }
}

/** Whether green's database server is there already. @throws `DOCKER_UNREACHABLE` */
async function whileItRuns({ spec, pool }: Move): Promise<boolean> {
  try {
    await execInContainer(spec.green.database, ["true"], pool);
    return true;
  } catch (error) {
    if (error instanceof WikiferryError && error.code === "CONTAINER_MISSING") return false;
    throw error;
  }
}

/** Each host by SSH, blue's database by its account; one that can't be reached is named by its own code. */
async function hostsUnreachable(move: Move): Promise<Finding[]> {
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
  // The database lies behind a host of its own: one cause is told once.
  return [...new Map(findings.map((finding) => [finding.code + finding.found, finding])).values()];
}
