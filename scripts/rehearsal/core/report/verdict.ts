import { duration, some } from "../../../../engine/format";
import type { ReportParts } from "./parts";
import type { RehearsalFacts, RehearsalReport } from "./types";

/** `0 edits lost · longest write pause 61 ms`, after the number of broken promises if there are any. */
export function headline<Facts extends RehearsalFacts>(
  report: RehearsalReport<Facts>,
  parts: Pick<ReportParts<Facts>, "headline">,
): string {
  const { promises, flips } = report;
  const broken = promises.filter(({ kept }) => !kept).length;
  const pause = Math.max(0, ...flips.map(({ writePauseMs }) => writePauseMs));
  const figures = [parts.headline(report)];
  if (flips.length > 0) figures.push(`longest write pause ${duration(pause)}`);
  if (broken > 0) figures.unshift(some(broken, "promise broken", "promises broken"));
  return figures.join(" · ");
}
