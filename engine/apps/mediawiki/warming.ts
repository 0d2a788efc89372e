import { posix } from "node:path";
import type { MoveSpec } from "../../move";

/** A request that changes nothing in the wiki. */
export interface WarmingRequest {
  path: string;
  /** Form fields; with them it is a POST. */
  form?: string;
}

/**
 * What page views and saves make a web tier load: PHP keeps compiled code, and MediaWiki its messages. Otherwise a
 * server that has just started, or whose caches were emptied, takes seconds for its first save. None of these requests
 * changes anything: a text is parsed, prepared as for saving, and discarded.
 */
export function warmingRequests({ apiPath }: Pick<MoveSpec["wiki"], "apiPath">): WarmingRequest[] {
  const index = posix.join(posix.dirname(apiPath), "index.php");
  const api = (fields: Record<string, string>) =>
    new URLSearchParams({ format: "json", formatversion: "2", ...fields }).toString();
  const page = { title: "Wikiferry", contentmodel: "wikitext" };
  const text =
    "== Heading ==\n\nA [[link]], ''italics'', {{PAGENAME}} and <nowiki>*</nowiki>.\n\n* one\n* two\n";
  const draft = { ...page, text, contentformat: "text/x-wiki", baserevid: "0", summary: "warm" };
  return [
    { path: `${index}?title=Wikiferry` },
    { path: `${index}?title=Special:RecentChanges` },
    { path: `${index}?title=Wikiferry&action=edit` },
    {
      path: `${apiPath}?${api({ action: "paraminfo", modules: "edit|move|upload|query+imageinfo|query+revisions" })}`,
    },
    {
      path: `${apiPath}?${api({ action: "query", meta: "userinfo|tokens", type: "csrf|login", uiprop: "rights" })}`,
    },
    { path: apiPath, form: api({ action: "parse", ...page, text, pst: "1", prop: "text|links|categories" }) },
    // The token of everyone who is not logged in.
    { path: apiPath, form: api({ action: "stashedit", ...draft, token: "+\\" }) },
  ];
}
