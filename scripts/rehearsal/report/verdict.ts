import { duration, some } from "./format";
import type { RehearsalReport } from "./types";

/** `0 edits lost · longest write pause 61 ms`, after the number of broken promises if there are any. */
export function headline({ promises, judge, flips }: RehearsalReport): string {
  const broken = promises.filter(({ kept }) => !kept).length;
  const pause = Math.max(0, ...flips.map(({ writePauseMs }) => writePauseMs));
  const figures = [some(judge.edits.lost, "edit lost", "edits lost")];
  if (flips.length > 0) figures.push(`longest write pause ${duration(pause)}`);
  if (broken > 0) figures.unshift(some(broken, "promise broken", "promises broken"));
  return figures.join(" · ");
}

/** Two or three sentences for the owner of a wiki. */
export function explanation(report: RehearsalReport): string {
  const { judge, flips, promises } = report;
  const { edits, uploads, views } = judge;
  const busy = `While the wiki moved, people made ${some(edits.acknowledged, "edit")} and ${some(uploads.acknowledged, "upload")} and read ${some(views.served, "page")}.`;
  const broken = promises.filter(({ kept }) => !kept).length;
  if (broken > 0)
    return `${busy} ${some(broken, "promise was", "promises were")} broken: see below before you move the real wiki.`;
  const waits =
    flips.length === 0
      ? ""
      : ` At worst, saving an edit took ${duration(edits.maxWaitMs)}; readers noticed nothing.`;
  const refused =
    edits.failed + uploads.failed === 0
      ? ""
      : ` ${some(edits.failed + uploads.failed, "save")} ended with an error and had to be tried again.`;
  return `${busy} Every one of those changes is there, once, as it was made.${waits}${refused}`;
}
