import { structuredPatch } from "diff";
import { pictureOf } from "./images";
import { comparedHeaders, cookieAttributes, normalize, normalizeHeader } from "./natural";
import type { Answer, Aspect } from "./types";

/** Lines of a difference that are shown, and letters of each. */
const mostLines = 14;
const mostLetters = 220;

const textual = /^(text\/|image\/svg)|json|xml|javascript|x-www-form|^$/;

/** Thumbnails are made on each side. Programs of one kind but another version encode a little differently. */
const rendered = /\/thumb\/|\/thumb(_handler)?\.php/;

/** Largest share of a thumbnail's bytes by which two versions of one program differ. */
const renderedShare = 0.05;

/** In what the two answers to one question differ. Pure. */
export function judge(path: string, blue: Answer, green: Answer, serverUrl: string): Aspect[] {
  const aspects: Aspect[] = [];
  const note = (name: string, there: string, here: string) => {
    if (there !== here) aspects.push({ name, what: `${name}: ${shown(here)} instead of ${shown(there)}` });
  };
  if (blue.failure || green.failure) {
    note("answer", blue.failure ?? `status ${blue.status}`, green.failure ?? `status ${green.status}`);
    return aspects;
  }
  note("status", String(blue.status), String(green.status));
  const target = (answer: Answer) => targetOf(answer, path, serverUrl);
  note("target", target(blue), target(green));
  note("type", typeOf(blue), typeOf(green));
  for (const name of comparedHeaders)
    note(
      `header ${name}`,
      normalizeHeader(name, blue.headers[name]),
      normalizeHeader(name, green.headers[name]),
    );
  note(
    "cookies",
    cookieAttributes(blue.headers["set-cookie"]),
    cookieAttributes(green.headers["set-cookie"]),
  );
  // Another status or type says it already, and the body of a redirect is read by nobody.
  if (blue.status !== green.status || typeOf(blue) !== typeOf(green) || target(blue) !== "") return aspects;
  const body = textual.test(typeOf(blue)) ? textAspect(blue, green) : bytesAspect(path, blue, green);
  return body ? [...aspects, body] : aspects;
}

const shown = (value: string) =>
  value === "" ? "none" : value.length > mostLetters ? `${value.slice(0, mostLetters)}…` : value;

/** Content type with its charset, which browsers act upon. */
export function typeOf({ headers }: Pick<Answer, "headers">): string {
  return (headers["content-type"] ?? "").toLowerCase().replace(/\s+/g, "").replace(/"/g, "");
}

/** Where a redirect leads, without the wiki's own origin; empty where there is none. */
function targetOf({ headers }: Answer, path: string, serverUrl: string): string {
  if (!headers.location) return "";
  try {
    const { origin, href, pathname, search } = new URL(headers.location, `${serverUrl}${path}`);
    return origin === new URL(serverUrl).origin ? pathname + search : href;
  } catch {
    return headers.location;
  }
}

function textAspect(blue: Answer, green: Answer): Aspect | undefined {
  const type = typeOf(blue);
  const [there, here] = [blue, green].map(({ body }) => normalize(body.toString(), type)) as [string, string];
  if (there === here) return undefined;
  const diff = linesOf(there, here);
  return { name: "text", what: `text: ${firstChange(diff)}`, diff };
}

/** Unified lines that differ, each cut around the first letter in which it does. */
function linesOf(there: string, here: string): string {
  const { hunks } = structuredPatch("", "", there, here, "", "", { context: 1, maxEditLength: 4_000 }) ?? {
    hunks: [],
  };
  const lines = hunks.flatMap(({ lines: all }) => all);
  // Too far apart to be laid beside each other.
  const all = lines.length > 0 ? lines : [`-${there.slice(0, 2_000)}`, `+${here.slice(0, 2_000)}`];
  const cut = all.slice(0, mostLines).map((line, i) => {
    const other = all[line.startsWith("-") ? i + 1 : i - 1] ?? "";
    const at =
      line.length > mostLetters && /^[+-]/.test(line) ? commonStart(line.slice(1), other.slice(1)) : 0;
    const from = Math.max(1, at - 40);
    return line.charAt(0) + (from > 1 ? "…" : "") + line.slice(from, from + mostLetters);
  });
  return [...cut, ...(all.length > mostLines ? [`(${all.length - mostLines} more lines)`] : [])].join("\n");
}

function commonStart(a: string, b: string): number {
  let i = 0;
  while (i < a.length && a[i] === b[i]) i++;
  return i;
}

/** What the first lines that differ have been, and are. */
function firstChange(diff: string): string {
  const lines = diff.split("\n");
  const start = lines.findIndex((line) => /^[+-]/.test(line));
  const after = lines.slice(start);
  const end = after.findIndex((line) => !/^[+-]/.test(line));
  const change = end < 0 ? after : after.slice(0, end);
  const of = (sign: string) =>
    change
      .find((line) => line.startsWith(sign))
      ?.slice(1)
      .trim() ?? "";
  return `${shown(of("+"))} instead of ${shown(of("-"))}`;
}

function bytesAspect(path: string, blue: Answer, green: Answer): Aspect | undefined {
  if (blue.body.equals(green.body)) return undefined;
  const [there, here] = [pictureOf(blue.body), pictureOf(green.body)];
  const made = rendered.test(path);
  if (made && there.size === here.size && there.data.equals(here.data)) return undefined;
  const further = Math.abs(there.data.length - here.data.length) / Math.max(there.data.length, 1);
  if (made && there.size !== "" && there.size === here.size && further <= renderedShare) return undefined;
  const words = ({ size }: { size: string }, { body }: Answer) =>
    `${size ? `${size}, ` : ""}${body.length} bytes`;
  return {
    name: "bytes",
    what: `bytes: ${words(here, green)} instead of ${words(there, blue)}${blue.body.length === green.body.length ? ", another content" : ""}`,
  };
}
