import { type Paths, titleOf } from "./shape";
import { specialPage, splitTitle } from "./titles";

/** Actions of index.php that only read. Others, an extension's among them, are not asked. */
const pageActions = new Set(["", "view", "history", "raw", "render", "info", "credits", "print", "cite"]);

/** Modules of api.php that only read. */
const apiActions = new Set([
  "",
  "query",
  "opensearch",
  "parse",
  "help",
  "paraminfo",
  "feedrecentchanges",
  "feedcontributions",
  "rsd",
  "compare",
  "expandtemplates",
  "templatedata",
]);

/** MediaWiki's scripts. Another application's may act upon a GET. */
const scripts = /^(index|api|load|thumb|thumb_handler|img_auth|rest|opensearch_desc)\.php5?$/;

/** Special pages that start or end sessions, confirm something by their address alone, or answer by chance. */
const notAsked =
  /^(user-?log(in|out)|log(in|out)|createaccount|random|confirmemail|invalidateemail|passwordreset|change(email|credentials|password)|removecredentials|(un)?linkaccounts|runjobs|notifications|authentication|api?sandbox|upload|mw?oauth|export|unsubscribe)|token|verify|confirm/i;

/** Parameters of a form that was sent, and of addresses that hold a secret. */
const secretKey =
  /token$|password|^session|^wp(?!earliest|limit|offset)\w*(token|save|submit|confirm)|^(code|key|secret|signature|veaction|undo|undoafter|rollback|authaction|section|returnto(query)?|title\[\]|wpcreateaccount)$/i;

/**
 * Whether a request of a client may be sent again: it has no session, and it neither acts nor logs anybody out. What is
 * not known to be harmless is not asked.
 */
export function isHarmless(method: string, target: string, site: Paths): boolean {
  if (method !== "GET" && method !== "HEAD") return false;
  if (!target.startsWith("/") || target.startsWith("//") || target.length > 2_000) return false;
  if (/[^\x21-\x7e]|#/.test(target) || /(^|\/)(\.|%2e){1,2}(\/|$)/i.test(target.split("?")[0] ?? ""))
    return false;
  const script = /\/([^/]+\.php\d?)(\/|\?|$)/i.exec(target)?.[1] ?? "";
  if ((script !== "" && !scripts.test(script)) || /\/mw-config(\/|$|\?)/.test(target)) return false;
  const query = new URLSearchParams(target.includes("?") ? target.slice(target.indexOf("?") + 1) : "");
  if ([...query.keys()].some((key) => secretKey.test(key))) return false;
  const action = query.get("action") ?? "";
  if (script.startsWith("api."))
    return apiActions.has(action) && !/\b(tokens|random|authmanagerinfo)\b/.test(readBy(query));
  if (!pageActions.has(action)) return false;
  const title = titleOf(target, site);
  if (title === undefined) return true;
  const { namespace, rest } = splitTitle(title, site);
  return namespace !== -1 || isReadingPage(rest, site);
}

/** @param rest Name of a special page, with its subpage. */
export function isReadingPage(rest: string, site: Paths): boolean {
  const name = rest.split("/")[0] ?? "";
  return !notAsked.test(specialPage(rest, site).realName) && !notAsked.test(name);
}

const readBy = (query: URLSearchParams) =>
  ["meta", "list", "generator"].map((key) => query.get(key) ?? "").join("|");
