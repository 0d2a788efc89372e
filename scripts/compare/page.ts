import type { SamenessReport } from "../../engine/apps/mediawiki/sameness/run";
import { some } from "../../engine/format";
import { html, Markup } from "../rehearsal/core/report/markup";
import { figure } from "../rehearsal/core/report/parts";
import { STYLE } from "../rehearsal/core/report/style";

/** Lines of a difference in their colours, and long ones wrapped. */
const diffStyle = `
pre.diff { margin: 8px 0 0; padding: 10px 12px; border-radius: 8px; background: var(--track); font-size: 13px; line-height: 1.45; white-space: pre-wrap; overflow-wrap: anywhere; }
pre.diff del { color: var(--bad); text-decoration: none; } pre.diff ins { color: var(--good); text-decoration: none; }
code { overflow-wrap: anywhere; }
.difference { border-top: 1px solid var(--line); padding: 12px 0; } .difference p { margin: 4px 0 0; overflow-wrap: anywhere; max-width: none; }
`;

export interface ReportFacts {
  /** The stack's name. */
  stack: string;
  /** `$wgServer`. */
  serverUrl: string;
  /** ISO 8601. */
  at: string;
}

function diffLines(diff: string): Markup {
  const lines = diff.split("\n").map((line) => {
    if (line.startsWith("-")) return html`<del>${line}</del>\n`;
    if (line.startsWith("+")) return html`<ins>${line}</ins>\n`;
    return html`${line}\n`;
  });
  return html`<pre class="diff">${lines}</pre>`;
}

function differences({ different }: SamenessReport, serverUrl: string): Markup | undefined {
  if (different.length === 0) return undefined;
  const items = different.map(
    ({ shape, example, what, diff, addresses }) =>
      html`<div class="difference"><b><code>${shape}</code></b>${addresses > 1 ? html` <span class="soft">${addresses} addresses</span>` : undefined}
<p>${what}</p>${example ? html`<p class="soft">asked: <code>${serverUrl}${example}</code></p>` : undefined}${diff ? diffLines(diff) : undefined}</div>`,
  );
  return html`<section><h2>What differs</h2><p class="soft">One example of each shape of address. Lines with − are blue's, with + green's.</p>${items}</section>`;
}

function ignoredSection({ ignored }: SamenessReport): Markup | undefined {
  if (ignored.length === 0) return undefined;
  const rows = ignored.map(
    ({ shape, reason }) => html`<tr><th scope="row"><code>${shape}</code></th><td>${reason}</td></tr>`,
  );
  return html`<section><h2>What was left out, and why</h2><table><tbody>${rows}</tbody></table></section>`;
}

function findingsSection({ findings }: SamenessReport): Markup | undefined {
  if (findings.length === 0) return undefined;
  const rows = findings.map(
    ({ code, found, remedy }) => html`<tr><th scope="row">${code}</th><td>${found}. ${remedy}</td></tr>`,
  );
  return html`<section><h2>Worth knowing</h2><table><tbody>${rows}</tbody></table></section>`;
}

export function headline({ different, asked }: SamenessReport): string {
  return different.length === 0
    ? `Green answers as blue does, at ${some(asked, "address", "addresses")}`
    : `Green differs from blue in ${some(different.length, "shape or setting", "shapes and settings")}`;
}

/** The comparison as one HTML page without any outside link. */
export function page(report: SamenessReport, { stack, serverUrl, at }: ReportFacts): string {
  const { asked, shapes, same, different, ignored } = report;
  const head = headline(report);
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${head}</title><style>${new Markup(STYLE + diffStyle)}</style></head><body><main>
<header class="verdict${different.length === 0 ? "" : " broken"}"><p class="eyebrow">Both sides of ${stack}, ${serverUrl} · ${at.slice(0, 16).replace("T", " ")} UTC</p>
<h1>${head}</h1><p class="lead">Both web servers were asked for the same addresses at the same state of the database; status, redirects, headers, text and files were compared.</p></header>
<div class="figures">${figure(String(asked), "addresses asked")}${figure(String(shapes), "shapes of address")}${figure(String(same), "answered alike")}${figure(String(different.length), "differ", different.length > 0)}${figure(String(ignored.length), "left out")}</div>
${differences(report, serverUrl)}${ignoredSection(report)}${findingsSection(report)}
</main></body></html>
`.text;
}
