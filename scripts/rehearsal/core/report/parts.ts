import { html, type Markup } from "./markup";
import type { KeptPromise, RehearsalFacts, RehearsalReport } from "./types";

/** What each kind of request is called, such as `page view`; that which reads (`view`) first. */
export type RequestKinds = Readonly<Record<string, string>>;

/** What a report says in the words of an application; the core says the rest. */
export interface ReportParts<Facts extends RehearsalFacts> {
  kinds: RequestKinds;
  /** Of what is felt of a flip: each name in `FlipFact.felt`, its kind of request, and what one is called. */
  felt: Readonly<Record<string, { kind: string; called: string }>>;
  /** What the move promises of the application's data and people, held against what was seen. */
  promises(facts: Facts): KeptPromise[];
  /** The figure that counts most, such as `0 edits lost`. */
  headline(facts: Facts): string;
  /** Two or three sentences for the owner. */
  explanation(report: RehearsalReport<Facts>): string;
  /** Large figures at the head of the page, made by `figure`. */
  figures(report: RehearsalReport<Facts>): Markup[];
  /** Sections of the page beside the core's. */
  sections(report: RehearsalReport<Facts>): Markup[];
  /** What was moved, as a sentence without the full stop: `The shop: 2,143 orders`. */
  moved(facts: Facts): string;
  /** Lines of the summary: what was moved, then what was found. */
  lines(facts: Facts): { moved: { name: string; text: string }; found: string[] };
}

export function figure(value: string, label: string, bad = false): Markup {
  return html`<div class="figure${bad ? " bad" : ""}"><b>${value}</b><span>${label}</span></div>`;
}
