import { bar, closeUpChart, stackedBar, timelineChart } from "./charts";
import { count, size, some, duration as spaced } from "./format";
import { html, Markup } from "./markup";
import { STYLE } from "./style";
import { heldWrites } from "./timeline";
import type { EstimateFact, FlipFact, HostAction, RehearsalReport } from "./types";
import { explanation, headline } from "./verdict";

/** Keeps figures and their units on one line. */
function unbroken(text: string): string {
  return text.replace(/(\d) (ms|s|min)\b/g, "$1\u00a0$2");
}

function duration(ms: number): string {
  return unbroken(spaced(ms));
}

function figure(value: string, label: string, bad = false): Markup {
  return html`<div class="figure${bad ? " bad" : ""}"><b>${value}</b><span>${label}</span></div>`;
}

function figures({ judge, flips }: RehearsalReport): Markup {
  const { edits, uploads, views, loggedOut } = judge;
  const gone = edits.lost + edits.doubled + edits.altered;
  const goneFiles = uploads.lost + uploads.doubled + uploads.altered;
  const pause = Math.max(0, ...flips.map(({ writePauseMs }) => writePauseMs));
  return html`<div class="figures">
${figure(count(gone), `of ${some(edits.acknowledged, "edit")} lost, doubled or altered`, gone > 0)}
${figure(count(goneFiles), `of ${some(uploads.acknowledged, "upload")} lost, doubled or altered`, goneFiles > 0)}
${figure(flips.length > 0 ? duration(pause) : "none", "longest write pause", pause >= 1000)}
${figure(duration(edits.maxWaitMs), "longest wait of an editor for a save")}
${figure(count(views.failed), `of ${some(views.served + views.failed, "page view")} failed`, views.failed > 0)}
${figure(count(loggedOut), "people logged out", loggedOut > 0)}
</div>`;
}

function promiseList({ promises }: RehearsalReport): Markup {
  const items = promises.map(
    ({ name, found, kept }) =>
      html`<li${new Markup(kept ? "" : ' class="broken"')}><span class="tick">${kept ? "✓" : "✗"}</span><div><b>${name}</b><span>${kept ? "" : "broken: "}${found}</span></div></li>`,
  );
  return html`<section><h2>What was promised</h2><ul class="promises">${items}</ul></section>`;
}

function ladder({ phases, restart }: RehearsalReport): Markup {
  const longest = Math.max(1, ...phases.map(({ ms }) => ms));
  const again = phases.some(({ unchanged }) => unchanged !== undefined);
  const rows = phases.map(({ name, ms, unchanged }) => {
    const tone = /\bgreen\b/.test(name) ? "green" : /\bblue\b/.test(name) ? "blue" : "plain";
    const second = unchanged === undefined ? "–" : unchanged ? "no change" : "changed again";
    const cell = again ? html`<td class="${unchanged === false ? "bad" : "soft"}">${second}</td>` : undefined;
    return html`<tr><th scope="row">${name}</th><td class="wide">${bar(ms / longest, tone)}</td><td class="number">${duration(ms)}</td>${cell}</tr>`;
  });
  const secondHead = again ? html`<th>run again</th>` : undefined;
  const restarted = restart
    ? html`<p class="soft after">Adopting the old site needed one restart of its database on ${restart.host}. It took ${duration(restart.ms)} and is not part of the judged time.</p>`
    : undefined;
  return html`<section><h2>Phase by phase</h2><p class="soft">How long each phase took.</p>
<table><thead><tr><th>phase</th><th></th><th class="number">time</th>${secondHead}</tr></thead><tbody>${rows}</tbody></table>${restarted}</section>`;
}

/** The fact's distance from the prediction, in per cent of the fact. */
function off(predictedMs: number, actualMs: number): string {
  const percent = Math.round((100 * (predictedMs - actualMs)) / Math.max(actualMs, 1));
  return percent === 0 ? "the same" : `${Math.abs(percent)} % too ${percent > 0 ? "long" : "short"}`;
}

function estimatesSection({ estimates = [] }: RehearsalReport): Markup | undefined {
  if (estimates.length === 0) return undefined;
  const described = (terms: EstimateFact["terms"]) =>
    terms.map(({ name, ms }) => `${name} ${duration(ms)}`).join(", ");
  const rows = estimates.map(({ what, predictedMs, actualMs, terms, actualTerms }) => {
    const fact =
      actualMs === undefined
        ? html`<td class="number">–</td><td></td>`
        : html`<td class="number">${duration(actualMs)}</td><td class="soft">${off(predictedMs, actualMs)}</td>`;
    const was = actualTerms && html`<br><span class="soft">was: ${described(actualTerms)}</span>`;
    return html`<tr><th scope="row">${what}<br><span class="soft">${described(terms)}</span>${was}</th><td class="number">${duration(predictedMs)}</td>${fact}</tr>`;
  });
  return html`<section><h2>Predicted, and measured</h2><p class="soft">What <code>pulumi preview</code> said before, by its parts, and what it was then.</p>
<div class="scroll"><table><thead><tr><th></th><th class="number">predicted</th><th class="number">was</th><th></th></tr></thead><tbody>${rows}</tbody></table></div></section>`;
}

function legend(): Markup {
  const entries = [
    ["view", "page view"],
    ["edit", "edit"],
    ["upload", "upload"],
    ["held", "edit or upload that met the pause"],
    ["failed", "failed"],
    ["pause", "write pause"],
  ].map(([tone, label]) => html`<li><i class="i-${tone}"></i>${label}</li>`);
  return html`<ul class="legend">${entries}</ul>`;
}

function steps({ steps: all }: FlipFact): Markup {
  const inPause = all.filter((step) => step.inPause);
  const shown = inPause.length > 0 ? inPause : all;
  const around = all.filter((step) => !shown.includes(step));
  const rows = shown.map(
    ({ name, ms }, i) =>
      html`<tr><th scope="row"><i class="legend-mark step${i % 6}"></i>${name}</th><td class="number">${duration(ms)}</td></tr>`,
  );
  const others =
    around.length === 0
      ? undefined
      : html`<details><summary>Steps before and after, while edits went on</summary><table><tbody>${around.map(
          ({ name, ms }) =>
            html`<tr><th scope="row">${name}</th><td class="number">${duration(ms)}</td></tr>`,
        )}</tbody></table></details>`;
  return html`${stackedBar(shown)}<table><tbody>${rows}</tbody></table>${others}`;
}

function side(name: string): Markup {
  return html`<span class="side ${name}">${name}</span>`;
}

function verifiedWords({ verified }: FlipFact): Markup | undefined {
  if (!verified) return undefined;
  const extent = verified.complete
    ? "Both databases were the same up to the last write before it"
    : `Both databases were the same up to here only, because ${verified.why}`;
  return html`<p>${extent}: verified to <code>${verified.to}</code>, ${some(verified.rows, "changed row")} compared. That added ${duration(verified.addedMs)} to the pause.</p>`;
}

function flipSection(flip: FlipFact, index: number): Markup {
  const { from, to, writePauseMs, predictedPauseMs, timeline } = flip;
  const held = timeline ? heldWrites(timeline, writePauseMs) : [];
  const slowest = held.reduce((most, { latencyMs }) => Math.max(most, latencyMs), 0);
  const waited =
    held.length === 0
      ? "Nobody happened to save in that moment."
      : `${some(held.length, "save was", "saves were")} under way in that moment; the slowest took ${duration(slowest)}.`;
  const confirmed =
    flip.confirmedGapMs === undefined
      ? ""
      : ` From the last save that ${from} confirmed to the first that ${to} confirmed, its own time included, it took ${duration(flip.confirmedGapMs)}.`;
  const predicted =
    predictedPauseMs === undefined ? "" : ` The preview had said ${duration(predictedPauseMs)}.`;
  const felt = flip.felt
    ? ` In the ten seconds before it a save took ${duration(flip.felt.edits.beforeMs)} and a page ${duration(flip.felt.views.beforeMs)} in the median, in the ten after it ${duration(flip.felt.edits.afterMs)} and ${duration(flip.felt.views.afterMs)}.`
    : "";
  const charts = timeline
    ? html`<div class="charts">${timelineChart(flip, timeline)}${closeUpChart(flip, timeline)}</div>${legend()}`
    : undefined;
  return html`<section><h2>Flip ${index + 1}: from ${side(from)} to ${side(to)}</h2>
<p>No edit could be saved for <b>${duration(writePauseMs)}</b>.${predicted} ${waited}${confirmed}${felt}</p>
${verifiedWords(flip)}${charts}<h3>Where the pause went</h3>${steps(flip)}</section>`;
}

function judgeSection({ judge, judgements }: RehearsalReport): Markup {
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

function refusalsSection({ refusals = [], failure }: RehearsalReport): Markup | undefined {
  if (refusals.length === 0 && !failure) return undefined;
  const rows = refusals.map(
    ({ at, during, message }) =>
      html`<tr><td>${at.slice(11, 19)}</td><th scope="row">${during}</th><td>${message}</td></tr>`,
  );
  const refused =
    rows.length === 0
      ? undefined
      : html`<p class="soft">A flip that a guardrail refuses changes nothing; it was tried again (UTC).</p><div class="scroll"><table><tbody>${rows}</tbody></table></div>`;
  const failed = failure
    ? html`<p><b>It ended in ${failure.during}.</b></p><pre class="scroll">${failure.message}</pre>`
    : undefined;
  return html`<section><h2>What was refused, and what failed</h2>${failed}${refused}</section>`;
}

function complaintsSection({ complaints }: RehearsalReport): Markup | undefined {
  if (complaints.length === 0) return undefined;
  const rows = complaints.map(
    ({ t, what, title, reason }) =>
      html`<tr><td>${new Date(t).toISOString().slice(11, 19)}</td><th scope="row">${what === "loggedOut" ? "logged out" : what}: ${title}</th><td>${reason}</td></tr>`,
  );
  return html`<section><h2>What people met with</h2><p class="soft">Everything that readers and editors would have complained about, restart of the old database included (UTC).</p><details><summary>${some(complaints.length, "entry", "entries")}</summary><div class="scroll"><table><tbody>${rows}</tbody></table></div></details></section>`;
}

function hostsSection({ hosts }: RehearsalReport): Markup | undefined {
  if (hosts.length === 0) return undefined;
  const byHost = new Map<string, HostAction[]>();
  for (const action of hosts) byHost.set(action.host, [...(byHost.get(action.host) ?? []), action]);
  const blocks = [...byHost].map(
    ([host, actions]) =>
      html`<details><summary>${host} <span class="soft">${some(actions.length, "entry", "entries")}</span></summary><table><tbody>${actions.map(
        ({ at, action }) => html`<tr><td>${at.slice(11, 19)}</td><td>${action}</td></tr>`,
      )}</tbody></table></details>`,
  );
  return html`<section><h2>What was done on which host</h2><p class="soft">From the journal, times in UTC.</p>${blocks}</section>`;
}

/** The whole report as one HTML page without any outside link. */
export function page(report: RehearsalReport): string {
  const { ok, machine, wiki, startedAt, endedAt, options } = report;
  const took = Date.parse(endedAt) - Date.parse(startedAt);
  const given = Object.entries(options).map(([name, value]) => `${name} ${value}`);
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Rehearsal: ${headline(report)}</title><style>${new Markup(STYLE)}</style></head><body><main>
<header class="verdict${ok ? "" : " broken"}"><p class="eyebrow">Rehearsal of the move · ${startedAt.slice(0, 16).replace("T", " ")} UTC · took ${duration(took)}</p>
<h1>${unbroken(headline(report))}</h1><p class="lead">${unbroken(explanation(report))}</p></header>
${figures(report)}${promiseList(report)}${ladder(report)}${estimatesSection(report)}${report.flips.map(flipSection)}${refusalsSection(report)}${judgeSection(report)}${complaintsSection(report)}${hostsSection(report)}
<footer><p>The wiki: ${some(wiki.pages, "page")}, ${some(wiki.revisions, "revision")}, ${some(wiki.files, "file")}, ${some(wiki.users, "user")}. The machine: ${some(machine.cpus, "core")}, ${size(machine.memoryBytes)} of memory, ${machine.system}. wikiferry itself used at most ${size(report.peakMemoryBytes)} of memory. Run with ${given.join(", ") || "default options"}.</p></footer>
</main></body></html>
`.text;
}
