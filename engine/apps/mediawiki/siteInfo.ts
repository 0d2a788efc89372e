import { z } from "zod";
import { WikiferryError } from "../../errors";

/** What a MediaWiki reports about itself. */
export interface SiteInfo {
  /** Such as `1.39.17`; empty where a private wiki does not report it. */
  version: string;
  readOnly: boolean;
  /** The reason, as MediaWiki shows it to its users; empty while it can be edited. */
  readOnlyReason: string;
  /** Whether people who are not logged in may read. If not, MediaWiki reports nothing else about itself. */
  anonymousRead: boolean;
}

const siteInfoSchema = z.object({
  query: z.object({
    general: z.object({
      generator: z.string(),
      readonly: z.boolean().default(false),
      readonlyreason: z.string().default(""),
    }),
  }),
});

/** MediaWiki's own refusal, with HTTP status 200. `readapidenied`: only people who are logged in may read. */
const errorSchema = z.object({ error: z.object({ code: z.string(), info: z.string().default("") }) });

/** What follows `api.php` in the request. */
export const siteInfoQuery = "?action=query&meta=siteinfo&siprop=general&format=json&formatversion=2";

/** An answer to a request to the API. */
export interface ApiAnswer {
  /** HTTP status. */
  status: number;
  body: string;
  /** Target of a redirect. */
  location?: string;
}

/**
 * Parses the API's answer.
 * @param where Who answered, in words.
 * @throws one code for each reason why it is not MediaWiki's: `WEB_API_REDIRECT`, `WEB_API_DENIED`,
 * `WEB_API_NOT_FOUND`, `WEB_API_ERROR`, `WEB_PHP_SOURCE`, `WEB_NOT_MEDIAWIKI`
 */
export function readSiteInfo(answer: ApiAnswer, where: string, apiPath: string): SiteInfo {
  const json = jsonOf(answer.body);
  if (answer.status === 200) {
    if (errorSchema.safeParse(json).data?.error.code === "readapidenied")
      return { version: "", readOnly: false, readOnlyReason: "", anonymousRead: false };
    const parsed = siteInfoSchema.safeParse(json);
    if (parsed.success) {
      const { generator, readonly, readonlyreason } = parsed.data.query.general;
      return {
        version: generator.replace(/^MediaWiki\s+/, ""),
        readOnly: readonly,
        readOnlyReason: readonlyreason,
        anonymousRead: true,
      };
    }
  }
  throw refusalOf(answer, json, where, apiPath);
}

function refusalOf(
  { status, body, location }: ApiAnswer,
  json: unknown,
  where: string,
  apiPath: string,
): WikiferryError {
  const answered = `${where} answered ${apiPath} with status ${status}`;
  const own = errorSchema.safeParse(json).data?.error;
  if (status >= 300 && status < 400)
    return new WikiferryError(
      "WEB_API_REDIRECT",
      `${answered}, a redirect to ${location ?? "no address"}`,
      "Set wiki.apiPath to the path at which api.php itself answers, and let the web server serve requests with X-Forwarded-Proto: https without a redirect",
    );
  if (own !== undefined || status >= 500)
    return new WikiferryError(
      "WEB_API_ERROR",
      own
        ? `${answered} and MediaWiki's error ${own.code}: ${plain(own.info, 120)}`
        : `${answered}, ${kindOf(body)}`,
      "See MediaWiki's and the web server's error log there",
    );
  if (status === 401 || status === 403)
    return new WikiferryError(
      "WEB_API_DENIED",
      `${answered}: the web server itself denies the request`,
      "Let the web server there allow requests from its own host and from the gate; a password before the whole site has to go while it moves",
    );
  if (status === 404 || status === 410)
    return new WikiferryError(
      "WEB_API_NOT_FOUND",
      `${answered}`,
      "Set wiki.apiPath to $wgScriptPath with /api.php, and see that the web server there knows the host of wiki.serverUrl",
    );
  if (/^\s*<\?php/.test(body))
    return new WikiferryError(
      "WEB_PHP_SOURCE",
      `${answered} and the source of the script: the web server does not run PHP`,
      "See that PHP's module or FPM is set up for this site there; until then the server shows its settings to anybody",
    );
  return new WikiferryError(
    "WEB_NOT_MEDIAWIKI",
    `${answered}, ${kindOf(body)}`,
    "See that the address is the wiki's web server, and that no other site or program answers for the host of wiki.serverUrl there",
  );
}

function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** What an answer is, in a few words. Never its markup. */
function kindOf(body: string): string {
  if (body.trim() === "") return "an empty answer";
  if (jsonOf(body) !== undefined) return "JSON that is not MediaWiki's";
  if (!/<(!doctype|html|head|body|title)\b/i.test(body)) return `the text "${plain(body, 60)}"`;
  const title = plain(/<title[^>]*>([\s\S]*?)<\/title>/i.exec(body)?.[1] ?? "", 80);
  return title === "" ? "an HTML page without a title" : `an HTML page titled "${title}"`;
}

/** One line without markup. */
function plain(text: string, most: number): string {
  const line = text
    .replace(/<[^>]*>/g, " ")
    .replace(/[\p{C}\s]+/gu, " ")
    .trim();
  return line.length > most ? `${line.slice(0, most)}…` : line;
}
