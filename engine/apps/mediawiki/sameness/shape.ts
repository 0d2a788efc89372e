import type { Site } from "./site";
import { specialPage, splitTitle, type Titles } from "./titles";

export type Paths = Titles & Pick<Site, "articlePath" | "scriptPath" | "script">;

/** Parameters whose value decides what is answered. */
const enumerations = new Set([
  "action",
  "meta",
  "list",
  "prop",
  "generator",
  "feed",
  "format",
  "only",
  "printable",
  "redirect",
  "type",
  "debug",
  "useskin",
  "skin",
  "uselang",
  "lang",
  "raw",
  "ctype",
  "formatversion",
  "mobileaction",
  "variant",
  "profile",
]);

/** Words that MediaWiki takes in place of a revision's number. */
const revisionWords = /^(prev|next|cur|0)$/;

const plainValue = /^[\w|.-]{0,60}$/;

/**
 * What an address has in common with those that are served in the same way: the path with titles, numbers and hashes
 * generalized, and the sorted parameters of the query, with the values of those that choose what is served.
 */
export function shapeOf(target: string, site: Paths): string {
  const [path = "", query] = splitOnce(target, "?");
  const names = query === undefined ? "" : queryShape(query, site);
  return pathShape(path, site) + (names ? `?${names}` : "");
}

/** The title that an address names, in its path or its query; undefined where it names none. */
export function titleOf(target: string, site: Paths): string | undefined {
  const [path = "", query] = splitOnce(target, "?");
  return new URLSearchParams(query).get("title") ?? titleInPath(path, site)?.title;
}

function pathShape(path: string, site: Paths): string {
  const found = titleInPath(path, site);
  if (found) return found.before + titleShape(found.title, site) + found.after;
  const segments = decoded(path).split("/");
  const last = segments.length - 1;
  return segments
    .map((segment, i) => (i === last ? fileShape(segment, i > 1) : folderShape(segment)))
    .join("/");
}

function titleInPath(
  path: string,
  site: Paths,
): { before: string; title: string; after: string } | undefined {
  for (const pattern of [site.articlePath, `${site.script}/$1`]) {
    const [before = "", after = ""] = splitOnce(pattern, "$1");
    if (before.includes("?") || !path.startsWith(before) || !path.endsWith(after)) continue;
    const inside = path.slice(before.length, path.length - after.length);
    // Articles at the document's root: files and scripts are there, too.
    if (inside === "" || (before === "/" && isFile(path, site))) continue;
    return { before, title: decoded(inside), after };
  }
  return undefined;
}

function isFile(path: string, { scriptPath }: Paths): boolean {
  return (
    /\.(php5?|png|jpe?g|gif|svg|webp|ico|css|js|json|txt|xml|html?|pdf|gz|woff2?|map)(\/|$)/i.test(path) ||
    (scriptPath !== "" && path.startsWith(`${scriptPath}/`))
  );
}

/** A title by its namespace; a special page by its name, since each is a program of its own. */
export function titleShape(title: string, site: Titles): string {
  const { namespace, rest } = splitTitle(title, site);
  if (namespace === 0) return "*";
  const name = site.namespaces.find(({ id }) => id === namespace)?.names;
  const space = (name?.[1] ?? name?.[0] ?? "").replaceAll(" ", "_");
  if (namespace !== -1) return `${space}:*`;
  const { realName, subpage } = specialPage(rest, site);
  return `${space}:${realName.replaceAll(" ", "_")}${subpage ? "/*" : ""}`;
}

function folderShape(segment: string): string {
  if (/^([0-9a-f]{1,2}|\d+|[0-9a-f]{8,})$/i.test(segment)) return "#";
  const extension = /\.(png|jpe?g|gif|svg|webp|tiff?|pdf|djvu|og[gv]|webm|mp4|stl)$/i.exec(segment);
  if (extension) return `*${extension[0].toLowerCase()}`;
  return /^[\w.@+~-]{0,40}$/.test(segment) ? segment : "*";
}

/** @param below Whether it is in a folder. Each file of the document's root is one of its kind. */
function fileShape(segment: string, below: boolean): string {
  const extension = /\.(\w{1,5})$/.exec(segment)?.[0].toLowerCase();
  if (/\.php5?$/.test(segment)) return segment;
  const size = /^((?:page|lossy-|lossless-|lang[a-z-]+-)?[\w-]*?)\d+px-/.exec(segment);
  if (size) return `#px-*${extension ?? ""}`;
  if (!below) return /^[\w.@+~-]{0,60}$/.test(segment) ? segment : `*${extension ?? ""}`;
  if (extension) return `*${extension}`;
  if (/^(\d+|[0-9a-f]{8,})$/i.test(segment)) return "#";
  return /^[a-z_.-]{0,24}$/.test(segment) ? segment : "*";
}

function queryShape(query: string, site: Paths): string {
  const values = new Map(new URLSearchParams(query));
  return [...values.keys()]
    .sort()
    .map((key) => `${keyShape(key)}=${valueShape(key, values.get(key) ?? "", site)}`)
    .join("&");
}

/** A bare number is a version that keeps caches apart: `A.png?20250101`. */
function keyShape(key: string): string {
  return /^\d+$/.test(key) ? "#" : plainValue.test(key) ? key : "*";
}

function valueShape(key: string, value: string, site: Paths): string {
  if (key === "title") return titleShape(value, site);
  if (key === "modules") return /^[\w.]+$/.test(value) && value.length <= 24 ? value : "*";
  if (key === "oldid" || key === "diff") return revisionWords.test(value) ? value : "#";
  return enumerations.has(key) && plainValue.test(value) ? value : "*";
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function splitOnce(text: string, at: string): [string, string?] {
  const i = text.indexOf(at);
  return i < 0 ? [text] : [text.slice(0, i), text.slice(i + at.length)];
}
