import { duration as spaced } from "../../../../engine/format";

/** Markup that is safe as it is; everything else is escaped. */
export class Markup {
  constructor(readonly text: string) {}

  toString(): string {
    return this.text;
  }
}

export type Content = Markup | string | number | undefined | readonly Content[];

export function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

function render(content: Content): string {
  if (content === undefined) return "";
  if (content instanceof Markup) return content.text;
  if (typeof content === "string" || typeof content === "number") return escaped(String(content));
  return content.map(render).join("");
}

/** A template for HTML and SVG: what is put in is escaped unless it came from this template itself. */
export function html(parts: TemplateStringsArray, ...contents: Content[]): Markup {
  return new Markup(parts.reduce((text, part, i) => text + render(contents[i - 1]) + part));
}

/** Keeps figures and their units on one line. */
export function unbroken(text: string): string {
  return text.replace(/(\d) (ms|s|min)\b/g, "$1\u00a0$2");
}

/** A duration for a page. */
export function duration(ms: number): string {
  return unbroken(spaced(ms));
}
