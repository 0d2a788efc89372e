import { compareAnswers } from "../apps/mediawiki/compare";
import { judgeWebTiers, type WebAnswer } from "../apps/mediawiki/guardrails";
import { readSiteInfo, type SiteInfo, siteInfoQuery } from "../apps/mediawiki/siteInfo";
import { fromGreen, type GreenWaySpec } from "../apps/mediawiki/ways";
import { blueWiki, type WebSpec } from "../apps/mediawiki/webTier";
import { gateHeaders } from "../apps/mediawiki/wiki";
import { WikiferryError } from "../errors";
import { type Finding, findingOf } from "../finding";
import type { CutoverLimits, MoveSpec, Side, SourceDatabase } from "../move";
import { type DiskSpec, freeBytesOn } from "../movers/mariadb/preflight/freeBytes";
import { flipGuardrails } from "../movers/mariadb/preflight/guardrails";
import { wayToGreen } from "../movers/mariadb/preflight/wayToGreen";
import { execInContainer } from "../runtime/docker/exec";
import { hostNameOf } from "../runtime/docker/lookup";
import type { EngineSession, MoveSession } from "../session";

export type AnswersSpec = WebSpec & GreenWaySpec;

interface DatabasesSpec {
  wiki: Pick<MoveSpec["wiki"], "database" | "tablePrefix" | "appUser">;
  blue: { database: SourceDatabase };
  green: { database: SourceDatabase } & Pick<MoveSpec["green"], "databaseProxy">;
  cutover: Pick<CutoverLimits, "longTransactionMs" | "verificationMaxAgeMs">;
}

export type GuardrailsSpec = AnswersSpec & DatabasesSpec & DiskSpec;

/** Everything that allows or forbids a flip of this wiki now. Never writes. */
export async function wikiGuardrails(
  move: MoveSession<GuardrailsSpec>,
  flip: { from: Side; to: Side; holder?: string },
): Promise<Finding[]> {
  const [databases, way, web, answers] = await Promise.all([
    databaseGuardrails(move, flip),
    wayAhead(move, flip.to),
    webGuardrails(move, flip),
    sameAnswers(move),
  ]);
  return [
    ...databases,
    ...way,
    ...web,
    ...answers.map((finding) => (flip.to === "blue" ? onTheWayBack(finding) : finding)),
  ];
}

/** The way back to blue, which served before, must not depend on green's answers. */
function onTheWayBack(finding: Finding): Finding {
  return finding.severity === "block" ? { ...finding, severity: "warn" } : finding;
}

/** Whether anonymous people get the same from both sides. Unknown while green's containers do not run. */
export async function sameAnswers(move: EngineSession<AnswersSpec>): Promise<Finding[]> {
  const { spec } = move;
  try {
    const way = await fromGreen(move);
    const host = way && (await hostNameOf(spec.green.mediawiki, move.pool));
    if (!host) return [];
    const green = { address: { host, port: spec.green.mediawiki.port } };
    return [await compareAnswers({ wiki: spec.wiki, blue: spec.blue.web, green }, way)];
  } catch (error) {
    return [findingOf(error)];
  }
}

/**
 * What forbids a flip. This is asked twice before one. The web tiers are asked only the first time: a MediaWiki that
 * answers shortly before the flip remembers for seconds that its database was read-only.
 */
export function blockersOf(
  move: MoveSession<GuardrailsSpec>,
  holder: string,
): (from: Side, to: Side) => Promise<Finding[]> {
  let asked = false;
  return async (from, to) => {
    const ask = asked ? databaseGuardrails : wikiGuardrails;
    asked = true;
    return (await ask(move, { from, to, holder })).filter(({ severity }) => severity === "block");
  };
}

async function databaseGuardrails(
  move: MoveSession<GuardrailsSpec>,
  { from, to, holder }: { from: Side; to: Side; holder?: string },
): Promise<Finding[]> {
  const { spec } = move;
  const { database, tablePrefix, appUser } = spec.wiki;
  return await flipGuardrails({
    primary: move[from],
    replica: move[to],
    database,
    tablePrefix,
    appUser,
    limits: spec.cutover,
    holder,
    freeBytes: (side) => freeBytesOn(side, move),
  });
}

/** After a flip to green, blue follows it. On the way back it already does. */
async function wayAhead({ spec, pool }: MoveSession<GuardrailsSpec>, to: Side): Promise<Finding[]> {
  if (to === "blue") return [];
  const { database, databaseProxy: proxy } = spec.green;
  const onBlue = async (command: string) => (await pool.to(spec.blue.database.ssh)).exec(command);
  try {
    return await wayToGreen({ onBlue, address: database.replication, proxy }, pool);
  } catch (error) {
    return [findingOf(error)];
  }
}

async function webGuardrails(
  move: EngineSession<WebSpec>,
  { from, to }: { from: Side; to: Side },
): Promise<Finding[]> {
  try {
    const [here, there] = await Promise.all([answerOf(move, from), answerOf(move, to)]);
    return judgeWebTiers(here, there);
  } catch (error) {
    return [findingOf(error)];
  }
}

async function answerOf(move: EngineSession<WebSpec>, side: Side): Promise<WebAnswer> {
  await siteInfo(move, side);
  const start = performance.now();
  const info = await siteInfo(move, side);
  return { side, info, answerMs: performance.now() - start };
}

async function siteInfo(move: EngineSession<WebSpec>, side: Side): Promise<SiteInfo> {
  const { wiki, green } = move.spec;
  if (side === "blue") return await blueWiki(move).siteInfo();
  // Green's MediaWiki can be reached only from inside its container: nothing of green is published but the gate.
  const url = `http://127.0.0.1:${green.mediawiki.port}${wiki.apiPath}${siteInfoQuery}`;
  const head = Object.entries(gateHeaders(wiki)).map(([name, value]) => `${name}: ${value}`);
  const php = [
    `$http = ["header" => ${JSON.stringify(head)}, "timeout" => 10, "follow_location" => 0, "ignore_errors" => true];`,
    `$body = @file_get_contents(${JSON.stringify(url)}, false, stream_context_create(["http" => $http]));`,
    "if ($body === false) exit;",
    '$location = "";',
    'foreach ($http_response_header as $line) if (stripos($line, "location:") === 0) $location = trim(substr($line, 9));',
    'echo json_encode(["status" => (int)substr($http_response_header[0], 9, 3), "location" => $location, "body" => $body], JSON_INVALID_UTF8_SUBSTITUTE);',
  ].join(" ");
  const { stdout } = await execInContainer(green.mediawiki, ["php", "-r", php], move.pool);
  if (stdout === "")
    throw new WikiferryError(
      "WEB_UNREACHABLE",
      "no answer from green's MediaWiki",
      `See \`docker logs ${green.mediawiki.container}\``,
    );
  return readSiteInfo(JSON.parse(stdout), "green's MediaWiki", wiki.apiPath);
}
