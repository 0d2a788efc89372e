import { count, duration, some } from "../../../../../engine/format";
import type { ReportParts } from "../../../core/report/parts";
import type { WikiFacts, WikiReport } from "./facts";
import { wikiPromises } from "./promises";
import { complaintsSection, figures, judgeSection } from "./sections";

/** What a rehearsal's report says of a wiki. */
export const wikiReport: ReportParts<WikiFacts> = {
  kinds: { view: "page view", edit: "edit", upload: "upload" },
  felt: { edits: { kind: "edit", called: "a save" }, views: { kind: "view", called: "a page" } },
  promises: wikiPromises,
  headline: ({ judge }) => some(judge.edits.lost, "edit lost", "edits lost"),
  explanation,
  figures,
  sections: (report) =>
    [judgeSection(report), complaintsSection(report)].filter((section) => section !== undefined),
  moved: ({ wiki }) =>
    `The wiki: ${some(wiki.pages, "page")}, ${some(wiki.revisions, "revision")}, ${some(wiki.files, "file")}, ${some(wiki.users, "user")}`,
  lines: ({ wiki, judge }) => {
    const { edits, uploads, views, loggedOut } = judge;
    return {
      moved: {
        name: "wiki",
        text: `${some(wiki.pages, "page")}, ${some(wiki.revisions, "revision")}, ${some(wiki.files, "file")}`,
      },
      found: [
        `edits     ${count(edits.acknowledged)} acknowledged, ${count(edits.lost)} lost, ${count(edits.doubled)} doubled, ${count(edits.altered)} altered, ${count(edits.failed)} failed; longest wait ${duration(edits.maxWaitMs)}`,
        `uploads   ${count(uploads.acknowledged)} acknowledged, ${count(uploads.lost)} lost, ${count(uploads.doubled)} doubled, ${count(uploads.altered)} altered, ${count(uploads.failed)} failed`,
        `readers   ${count(views.served)} pages served, ${count(views.failed)} failed; slowest ${duration(views.maxMs)}; ${count(loggedOut)} logged out`,
      ],
    };
  },
};

/** Two or three sentences for the owner of a wiki. */
function explanation(report: WikiReport): string {
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
