import { count, some } from "../../../../../engine/format";
import { duration, html, type Markup } from "../../../core/report/markup";
import { figure } from "../../../core/report/parts";
import type { WikiReport } from "./facts";

export function figures({ judge, flips }: WikiReport): Markup[] {
  const { edits, uploads, views, loggedOut } = judge;
  const gone = edits.lost + edits.doubled + edits.altered;
  const goneFiles = uploads.lost + uploads.doubled + uploads.altered;
  const pause = Math.max(0, ...flips.map(({ writePauseMs }) => writePauseMs));
  return [
    figure(count(gone), `of ${some(edits.acknowledged, "edit")} lost, doubled or altered`, gone > 0),
    figure(
      count(goneFiles),
      `of ${some(uploads.acknowledged, "upload")} lost, doubled or altered`,
      goneFiles > 0,
    ),
    figure(flips.length > 0 ? duration(pause) : "none", "longest write pause", pause >= 1000),
    figure(duration(edits.maxWaitMs), "longest wait of an editor for a save"),
    figure(
      count(views.failed),
      `of ${some(views.served + views.failed, "page view")} failed`,
      views.failed > 0,
    ),
    figure(count(loggedOut), "people logged out", loggedOut > 0),
  ];
}

export function judgeSection({ judge, judgements }: WikiReport): Markup {
  const { edits, uploads, views, loggedOut } = judge;
  const cell = (n: number) => html`<td class="number${n > 0 ? " bad" : ""}">${count(n)}</td>`;
  const row = (name: string, edit: Markup, upload: Markup) =>
    html`<tr><th scope="row">${name}</th>${edit}${upload}</tr>`;
  const plain = (text: string) => html`<td class="number">${text}</td>`;
  const faults = (["lost", "doubled", "altered", "failed"] as const).map((fault) =>
    row(fault, cell(edits[fault]), cell(uploads[fault])),
  );
  const looks = judgements.map(
    ({ when, result }) =>
      html`<tr><th scope="row">${when}</th><td class="number">${count(result.edits.acknowledged + result.uploads.acknowledged)}</td>${cell(result.edits.lost + result.uploads.lost)}${cell(result.edits.doubled + result.uploads.doubled)}${cell(result.edits.altered + result.uploads.altered)}</tr>`,
  );
  const problems = judgements
    .flatMap(({ when, result }) => result.problems.map((problem) => ({ when, ...problem })))
    .slice(0, 20)
    .map(
      ({ when, fault, kind, title, detail }) =>
        html`<tr><td class="bad">${fault}</td><th scope="row">${title}</th><td>${kind}, ${detail} <span class="soft">(${when})</span></td></tr>`,
    );
  return html`<section><h2>The judge’s table</h2>
<p class="soft">Every change that the wiki had confirmed to an editor was looked up afterwards, text by text and file by file. “Failed” are saves that ended with an error, which the editor saw.</p>
<table><thead><tr><th></th><th class="number">edits</th><th class="number">uploads</th></tr></thead><tbody>
${row("confirmed", plain(count(edits.acknowledged)), plain(count(uploads.acknowledged)))}${faults}
${row("longest wait", plain(duration(edits.maxWaitMs)), plain(duration(uploads.maxWaitMs)))}</tbody></table>
<p class="after">${some(views.served, "page")} served, ${some(views.failed, "page view")} failed; the slowest took ${duration(views.maxMs)}. ${loggedOut === 0 ? "Nobody was logged out." : `Somebody was logged out ${some(loggedOut, "time")}.`}</p>
${looks.length === 0 ? undefined : html`<h3>Each time it was looked up</h3><div class="scroll"><table><thead><tr><th>when</th><th class="number">confirmed</th><th class="number">lost</th><th class="number">doubled</th><th class="number">altered</th></tr></thead><tbody>${looks}</tbody></table></div>`}
${problems.length === 0 ? undefined : html`<h3>What is wrong</h3><div class="scroll"><table><tbody>${problems}</tbody></table></div>`}</section>`;
}

export function complaintsSection({ complaints }: WikiReport): Markup | undefined {
  if (complaints.length === 0) return undefined;
  const rows = complaints.map(
    ({ t, what, title, reason }) =>
      html`<tr><td>${new Date(t).toISOString().slice(11, 19)}</td><th scope="row">${what === "loggedOut" ? "logged out" : what}: ${title}</th><td>${reason}</td></tr>`,
  );
  return html`<section><h2>What people met with</h2><p class="soft">Everything that readers and editors would have complained about, restart of the old database included (UTC).</p><details><summary>${some(complaints.length, "entry", "entries")}</summary><div class="scroll"><table><tbody>${rows}</tbody></table></div></details></section>`;
}
