import { count, duration } from "../../../../engine/format";
import type { ReportParts } from "./parts";
import type { FlipFact, RehearsalFacts, RehearsalReport } from "./types";
import { headline } from "./verdict";

/**
 * The report in at most fifteen lines, for a terminal.
 * @param name Of its files in reports/. Defaults to `rehearsal`.
 */
export function summary<Facts extends RehearsalFacts>(
  report: RehearsalReport<Facts>,
  parts: ReportParts<Facts>,
  name = "rehearsal",
): string {
  const { flips, phases, promises, restart } = report;
  const { moved, found } = parts.lines(report);
  const broken = promises.filter(({ kept }) => !kept);
  const took = Date.parse(report.endedAt) - Date.parse(report.startedAt);
  const copied = report.estimates?.find(({ what }) => what === "copy");
  const lines = [
    `${report.ok ? "OK" : "NOT OK"}  ${headline(report, parts)}`,
    `${moved.name.padEnd(9)} ${moved.text}; moved in ${duration(took)}`,
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
    ...feltLines(flips, parts.felt),
    ...found,
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
  lines.push(`report    reports/${name}.html, reports/${name}.json`);
  return lines.join("\n");
}

function feltLines(flips: readonly FlipFact[], called: ReportParts<RehearsalFacts>["felt"]): string[] {
  const felt = flips.slice(0, 3).flatMap(({ felt }) => (felt ? [felt] : []));
  const [first] = felt;
  if (!first) return [];
  const said = Object.keys(first).map((name, n) => {
    const figures = felt.map(({ [name]: one }) => `${one?.beforeMs} and ${one?.afterMs}`);
    return `${called[name]?.called ?? name}${n === 0 ? " took" : ""} ${figures.join(", ")} ms`;
  });
  return [`felt      in the 10 s before and after each flip ${said.join(", ")} (medians)`];
}
