import type { Prediction } from "../../engine/estimate";
import type { Finding, Severity } from "../../engine/finding";
import { duration, size } from "../../engine/format";
import type { PreflightResult } from "../../engine/operations/preflight";
import type { MediaWikiConfig } from "./config";

/** Findings in the order in which they matter, each once. */
export interface Sorted {
  blocks: Finding[];
  warnings: Finding[];
  passed: Finding[];
}

export function sortFindings(findings: readonly Finding[]): Sorted {
  const once = [
    ...new Map(findings.map((finding) => [`${finding.severity} ${finding.code} ${finding.found}`, finding])),
  ].map(([, finding]) => finding);
  const of = (wanted: Severity) => once.filter(({ severity }) => severity === wanted);
  return { blocks: of("block"), warnings: of("warn"), passed: of("pass") };
}

/** `block DB_MISSING: blue has no database wiki. Set wiki.database to …`. */
export function line({ code, severity, found, remedy }: Finding): string {
  return `${severity} ${code}: ${found}.${remedy ? ` ${remedy}` : ""}`;
}

/** How many checks passed, and which command names them. */
export function passedLine(passed: readonly Finding[]): string {
  return `${passed.length} ${passed.length === 1 ? "check" : "checks"} passed (\`npm run preflight -- --all\` lists them)`;
}

/** Why a run is refused: first what blocks it, then what is worth knowing, then how many checks passed. */
export function refusal({ blocks, warnings, passed }: Sorted): string {
  return [...blocks, ...warnings].map(line).concat(passedLine(passed)).join("\n");
}

/**
 * The whole text of `npm run preflight`.
 * @param all Whether to list the checks that passed.
 * @param more What there is to do, one line each.
 */
export function report(findings: readonly Finding[], more: readonly string[], all: boolean): string {
  const { blocks, warnings, passed } = sortFindings(findings);
  const count = all ? `${passed.length} checks passed:` : passedLine(passed);
  return [
    ...[...blocks, ...warnings].map(line),
    ...more,
    count,
    ...(all ? passed.map((finding) => `  ${line(finding)}`) : []),
  ].join("\n");
}

/** What the last phase means, before it is carried out. */
export function endOfTheWayBack(config: Pick<MediaWikiConfig, "name" | "retire">): string {
  return `phase retire ends the way back of ${config.name}: nothing follows any more, blue's last state is kept as an archive, and no edit made from then on reaches blue (confirmed by retire.confirm = ${config.retire.confirm}; to keep the way back, set phase to switch)`;
}

/** What there is to do, in the words of its owner. */
export function outlook(
  { toCopy, pause }: Pick<PreflightResult, "toCopy" | "pause">,
  config: Pick<MediaWikiConfig, "cutover">,
): string[] {
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
