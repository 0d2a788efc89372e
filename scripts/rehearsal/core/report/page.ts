import { size, some } from "../../../../engine/format";
import { bar, closeUpChart, stackedBar, timelineChart, toneOf } from "./charts";
import { duration, html, Markup, unbroken } from "./markup";
import type { ReportParts, RequestKinds } from "./parts";
import { STYLE } from "./style";
import { type Felt, heldWrites } from "./timeline";
import type { EstimateFact, FlipFact, HostAction, RehearsalFacts, RehearsalReport } from "./types";
import { headline } from "./verdict";

type Words = Pick<ReportParts<RehearsalFacts>, "kinds" | "felt">;

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

function legend(kinds: RequestKinds): Markup {
  const entries = [
    ...Object.entries(kinds).map(([kind, called]) => [toneOf(kinds, kind), called]),
    ["held", "write that met the pause"],
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

function feltWords(felt: Felt, called: ReportParts<RehearsalFacts>["felt"]): string {
  const words = (read: (one: Felt[string]) => number) =>
    Object.entries(felt).map(([name, one]) => ({
      called: called[name]?.called ?? name,
      took: duration(read(one)),
    }));
  const before = words(({ beforeMs }) => beforeMs).map(
    ({ called, took }, n) => `${called}${n === 0 ? " took" : ""} ${took}`,
  );
  const after = words(({ afterMs }) => afterMs).map(({ took }) => took);
  return ` In the ten seconds before it ${before.join(" and ")} in the median, in the ten after it ${after.join(" and ")}.`;
}

function flipSection(flip: FlipFact, index: number, { kinds, felt: called }: Words): Markup {
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
  const felt = flip.felt ? feltWords(flip.felt, called) : "";
  const charts = timeline
    ? html`<div class="charts">${timelineChart(flip, timeline, kinds)}${closeUpChart(flip, timeline, kinds)}</div>${legend(kinds)}`
    : undefined;
  return html`<section><h2>Flip ${index + 1}: from ${side(from)} to ${side(to)}</h2>
<p>Nothing could be saved for <b>${duration(writePauseMs)}</b>.${predicted} ${waited}${confirmed}${felt}</p>
${verifiedWords(flip)}${charts}<h3>Where the pause went</h3>${steps(flip)}</section>`;
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
export function page<Facts extends RehearsalFacts>(
  report: RehearsalReport<Facts>,
  parts: ReportParts<Facts>,
): string {
  const { ok, machine, startedAt, endedAt, options } = report;
  const took = Date.parse(endedAt) - Date.parse(startedAt);
  const given = Object.entries(options).map(([name, value]) => `${name} ${value}`);
  const head = headline(report, parts);
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Rehearsal: ${head}</title><style>${new Markup(STYLE)}</style></head><body><main>
<header class="verdict${ok ? "" : " broken"}"><p class="eyebrow">Rehearsal of the move · ${startedAt.slice(0, 16).replace("T", " ")} UTC · took ${duration(took)}</p>
<h1>${unbroken(head)}</h1><p class="lead">${unbroken(parts.explanation(report))}</p></header>
<div class="figures">${parts.figures(report)}</div>${promiseList(report)}${ladder(report)}${estimatesSection(report)}${report.flips.map((flip, n) => flipSection(flip, n, parts))}${refusalsSection(report)}${parts.sections(report)}${hostsSection(report)}
<footer><p>${parts.moved(report)}. The machine: ${some(machine.cpus, "core")}, ${size(machine.memoryBytes)} of memory, ${machine.system}. wikiferry itself used at most ${size(report.peakMemoryBytes)} of memory. Run with ${given.join(", ") || "default options"}.</p></footer>
</main></body></html>
`.text;
}
