import { createHash } from "node:crypto";
import { posix } from "node:path";
import { z } from "zod";
import { block, type Finding, pass } from "../../finding";
import type { MoveSpec } from "../../move";

/** A side's answer. */
export interface Answer {
  status: number;
  /** The redirect target, without the wiki's own origin; empty where there is none. */
  target: string;
  /** Content type, without its parameters. */
  type: string;
  /** What people see of it, or a hash of what is not text; empty where it changes by nature. */
  text: string;
}

/** An address that both sides were asked for. */
export interface Compared {
  path: string;
  blue: Answer;
  green: Answer;
}

/** The part of `siteinfo` that people and programs rely on. The rest belongs to the machine. */
const generalKeys = [
  "mainpage",
  "base",
  "sitename",
  "server",
  "servername",
  "lang",
  "case",
  "articlepath",
  "scriptpath",
  "script",
  "variantarticlepath",
  "wikiid",
] as const;

const siteSchema = z.object({
  query: z.object({
    general: z.looseObject({ mainpage: z.string(), articlepath: z.string() }),
    namespaces: z.record(z.string(), z.looseObject({ name: z.string() })),
    namespacealiases: z.array(z.unknown()).default([]),
    extensions: z.array(z.looseObject({ type: z.string(), name: z.string().default("") })).default([]),
    allimages: z.array(z.object({ url: z.string() })).default([]),
  }),
});

/** The first query: what the wiki is, and one of its files. */
export function siteQuestion({ apiPath }: Pick<MoveSpec["wiki"], "apiPath">): string {
  const query = new URLSearchParams({
    action: "query",
    meta: "siteinfo",
    siprop: "general|namespaces|namespacealiases|extensions",
    list: "allimages",
    ailimit: "1",
    aiprop: "url",
    format: "json",
    formatversion: "2",
  });
  return `${apiPath}?${query}`;
}

/**
 * What anonymous people ask for, one address of each shape, built from what the wiki reports about itself. A wiki that
 * reports nothing is asked for the addresses that every wiki has.
 */
export function anonymousAddresses(
  wiki: Pick<MoveSpec["wiki"], "apiPath" | "serverUrl">,
  body: string,
): string[] {
  const folder = posix.dirname(wiki.apiPath);
  const index = posix.join(folder, "index.php");
  const always = [
    "/",
    index,
    `${index}?title=Special:SpecialPages`,
    `${posix.join(folder, "load.php")}?modules=startup&only=scripts&raw=1`,
    `${posix.join(folder, "load.php")}?modules=site.styles&only=styles`,
  ];
  const site = siteSchema.safeParse(parsed(body)).data?.query;
  if (!site) return always;
  const article = (title: string) =>
    site.general.articlepath.replace("$1", encodeURIComponent(title.replaceAll(" ", "_")));
  const url = site.allimages[0]?.url;
  const file = url ? new URL(url, wiki.serverUrl) : undefined;
  return [
    ...always,
    article(site.general.mainpage),
    article("Wikiferry asks for a page that is missing"),
    ...(file?.host === new URL(wiki.serverUrl).host ? [file.pathname] : []),
  ];
}

/** A side's answer in the form in which it is compared. */
export function answerOf(
  path: string,
  raw: { status: number; headers: { location?: string; "content-type"?: string }; body: Buffer },
  serverUrl: string,
): Answer {
  const type = (raw.headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
  const target = raw.headers.location ? targetOf(raw.headers.location, path, serverUrl) : "";
  return { status: raw.status, target, type, text: target ? "" : textOf(path, type, raw) };
}

function targetOf(location: string, path: string, serverUrl: string): string {
  const { origin, href, pathname, search } = new URL(location, `${serverUrl}${path}`);
  return origin === new URL(serverUrl).origin ? pathname + search : href;
}

function textOf(path: string, type: string, { status, body }: { status: number; body: Buffer }): string {
  if (type === "application/json") return siteText(body.toString());
  // A web server's own "not found" page differs by server.
  if (type === "text/html") return status >= 400 && !isPage(body.toString()) ? "" : pageText(body.toString());
  // The list of all modules, each with its hash.
  if (path.includes("modules=startup")) return "";
  if (type.startsWith("text/")) return body.toString().trim();
  return createHash("sha256").update(body).digest("hex");
}

const isPage = (html: string) => html.includes('id="firstHeading"');

/** The page itself, without the skin around it. */
export function pageText(html: string): string {
  const from = html.indexOf('id="firstHeading"');
  const to = html.indexOf('class="printfooter"', from);
  const page = from < 0 ? html : html.slice(html.lastIndexOf("<", from), to < 0 ? undefined : to);
  return page
    .replace(/<!--[\s\S]*?-->/g, "")
    .replace(/<(script|style)\b[\s\S]*?<\/\1>/gi, "")
    .replace(/<[^>]*>?/g, " ")
    .replace(/&(#160|nbsp);/g, " ")
    .replace(/\s+/g, " ")
    .trim();
}

/** The wiki's names, addresses, namespaces and extensions as one text, sorted. */
export function siteText(body: string): string {
  const json = parsed(body);
  const site = siteSchema.safeParse(json).data?.query;
  if (!site)
    return z.object({ error: z.object({ code: z.string() }) }).safeParse(json).data?.error.code ?? "";
  const general = generalKeys.map((key) => `${key}=${JSON.stringify(site.general[key] ?? null)}`);
  const namespaces = Object.entries(site.namespaces).map(([id, { name }]) => `namespace ${id}=${name}`);
  const aliases = site.namespacealiases.map((alias) => `alias ${JSON.stringify(alias)}`).sort();
  // A skin that green lacks is replaced by the default one.
  const extensions = site.extensions
    .filter(({ type }) => type !== "skin")
    .map(({ name }) => `extension ${name}`);
  return [...general, ...namespaces, ...aliases, ...extensions.sort()].join("\n");
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether anonymous people get the same from both. */
export function samenessFinding(compared: readonly Compared[], from: string): Finding {
  const code = "APP_ANSWERS";
  const different = compared.filter(({ blue, green }) => !isSame(blue, green));
  if (different.length === 0)
    return pass(
      code,
      `green answers anonymous people as blue does, at ${compared.length} addresses (asked from ${from})`,
    );
  const shown = different.slice(0, 3).map(({ path, blue, green }) => `${path} (${tell(blue, green)})`);
  const more = different.length > shown.length ? ` and ${different.length - shown.length} more` : "";
  return block(
    code,
    `green answers anonymous people differently than blue at ${different.length} of ${compared.length} addresses: ${shown.join("; ")}${more} (asked from ${from})`,
    "Give green blue's settings through the file that wiki.settingsFile names, and run `pulumi up` in phase sync. What green's web server can't serve prevents this move",
  );
}

export function isSame(blue: Answer, green: Answer): boolean {
  return (
    blue.status === green.status &&
    blue.target === green.target &&
    blue.type === green.type &&
    blue.text === green.text
  );
}

/** Both answers, from where their texts differ. */
function tell(blue: Answer, green: Answer): string {
  const head = ({ status, target, type }: Answer) =>
    [status, type, target && `to ${target}`].filter(Boolean).join(" ");
  if (head(blue) !== head(green)) return `blue: ${head(blue)}, green: ${head(green)}`;
  const at = [...blue.text].findIndex((letter, i) => letter !== [...green.text][i]);
  const piece = ({ text }: Answer) => {
    const begin = Math.max(0, (at < 0 ? blue.text.length : at) - 20);
    return JSON.stringify(text.slice(begin, begin + 60));
  };
  return `blue: ${head(blue)} ${piece(blue)}, green: ${head(green)} ${piece(green)}`;
}
