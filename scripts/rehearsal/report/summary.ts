import { count, duration, some } from "./format";
import type { FlipFact, RehearsalReport } from "./types";
import { headline } from "./verdict";

/** The report in at most fifteen lines, for a terminal. */
export function summary(report: RehearsalReport): string {
  const { judge, flips, phases, promises, restart, wiki } = report;
  const { edits, uploads, views } = judge;
  const broken = promises.filter(({ kept }) => !kept);
  const took = Date.parse(report.endedAt) - Date.parse(report.startedAt);
  const copied = report.estimates?.find(({ what }) => what === "copy");
  const lines = [
    `${report.ok ? "OK" : "NOT OK"}  ${headline(report)}`,
    `wiki      ${some(wiki.pages, "page")}, ${some(wiki.revisions, "revision")}, ${some(wiki.files, "file")}; moved in ${duration(took)}`,
    `phases    ${phases.map(({ name, ms }) => `${name} ${duration(ms)}`).join(", ")}`,
    ...(copied?.actualMs === undefined
      ? []
      : [`copy      ${duration(copied.actualMs)} (preview said ${duration(copied.predictedMs)})`]),
    ...flips
      .slice(0, 3)
      .map(
        ({ from, to, writePauseMs, predictedPauseMs, verified }, n) =>
          `flip ${n + 1}    ${from} to ${to}: write pause ${duration(writePauseMs)}${
            predictedPauseMs === undefined ? "" : ` (preview said ${duration(predictedPauseMs)})`
          }${verified ? `; verified to ${verified.to}` : ""}`,
      ),
    ...feltLines(flips),
    `edits     ${count(edits.acknowledged)} acknowledged, ${count(edits.lost)} lost, ${count(edits.doubled)} doubled, ${count(edits.altered)} altered, ${count(edits.failed)} failed; longest wait ${duration(edits.maxWaitMs)}`,
    `uploads   ${count(uploads.acknowledged)} acknowledged, ${count(uploads.lost)} lost, ${count(uploads.doubled)} doubled, ${count(uploads.altered)} altered, ${count(uploads.failed)} failed`,
    `readers   ${count(views.served)} pages served, ${count(views.failed)} failed; slowest ${duration(views.maxMs)}; ${count(judge.loggedOut)} logged out`,
  ];
  const refusals = report.refusals ?? [];
  if (refusals.length > 0)
    lines.push(
      `refused   ${refusals.map(({ during, code }) => `${during}: ${code}`).join(", ")}; tried again`,
    );
  if (restart) lines.push(`restart   ${restart.host}: ${duration(restart.ms)}, before the judged time`);
  lines.push(`promises  ${count(promises.length - broken.length)} of ${count(promises.length)} kept`);
  // One line stays free for where the report is.
  for (const { name, found } of broken.slice(0, 14 - lines.length)) lines.push(`  broken  ${name}: ${found}`);
  lines.push("report    reports/rehearsal.html, reports/rehearsal.json");
  return lines.join("\n");
}

function feltLines(flips: readonly FlipFact[]): string[] {
  const felt = flips.slice(0, 3).flatMap((flip) => flip.felt ?? []);
  if (felt.length === 0) return [];
  const said = (kind: "edits" | "views") =>
    felt.map(({ [kind]: { beforeMs, afterMs } }) => `${beforeMs} and ${afterMs}`).join(", ");
  return [
    `felt      in the 10 s before and after each flip a save took ${said("edits")} ms, a page ${said("views")} ms (medians)`,
  ];
}
