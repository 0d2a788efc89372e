import { WikiferryError } from "../../../../../engine/errors";
import type { Answer, ApiBody, Params, Session } from "./session";

export interface Article {
  title: string;
  pageid: number;
}

export interface Image {
  title: string;
  path: string;
  sha1: string;
}

/** What there is to read and edit. */
export interface Content {
  articles: Article[];
  images: Image[];
  /** What the wiki calls its namespace of files: `File`, `Datei`. */
  fileNamespace: string;
  /** The title of the page of recent changes in the wiki's language. */
  recentChanges: string;
  /** The wiki's clock, ISO 8601. */
  serverTime: string;
}

const MOST_BATCHES = 8;

function asked(answer: Answer, what: string) {
  if (answer.status === "ok") return answer.body;
  throw new WikiferryError(
    "LOAD_LIST",
    `the wiki did not list its ${what}: ${answer.code} ${answer.message}`,
    "Check that the wiki answers api.php at this address.",
  );
}

/** Follows the API's `continue` for at most 8 batches of 500. */
async function list<T>(
  session: Session,
  params: Params,
  what: string,
  read: (query: ApiBody) => T[],
): Promise<T[]> {
  const found: T[] = [];
  let next: Params = {};
  for (let batch = 0; batch < MOST_BATCHES; batch++) {
    const body = asked(await session.get({ action: "query", ...params, ...next }), what);
    found.push(...read(body.query));
    if (!body.continue) break;
    next = body.continue;
  }
  return found;
}

export async function listContent(session: Session): Promise<Content> {
  const articles = await list<Article>(
    session,
    { list: "allpages", apnamespace: 0, apfilterredir: "nonredirects", aplimit: 500 },
    "pages",
    (query) => query.allpages,
  );
  const images = await list<Image>(
    session,
    { list: "allimages", ailimit: 500, aiprop: "url|sha1" },
    "files",
    (query) =>
      query.allimages.map((image: { title: string; url: string; sha1: string }) => ({
        title: image.title,
        path: new URL(image.url, "http://x").pathname,
        sha1: image.sha1,
      })),
  );
  const site = asked(
    await session.get({
      action: "query",
      meta: "siteinfo",
      siprop: "namespaces|specialpagealiases",
      curtimestamp: 1,
    }),
    "namespaces",
  );
  const { namespaces, specialpagealiases } = site.query;
  const changes = specialpagealiases.find(({ realname }: ApiBody) => realname === "Recentchanges");
  if (articles.length === 0)
    throw new WikiferryError(
      "LOAD_NO_PAGES",
      "the wiki has no pages to read and edit",
      "Fill it first: npm run world",
    );
  return {
    articles,
    images,
    fileNamespace: namespaces[6].name,
    recentChanges: `${namespaces[-1].name}:${changes.aliases[0]}`,
    serverTime: site.curtimestamp,
  };
}
