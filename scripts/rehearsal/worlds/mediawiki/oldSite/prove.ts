import { WikiferryError } from "../../../../../engine/errors";
import { HttpClient, type Reply } from "../../../core/load/http";
import { pathOf } from "../addresses";
import { type ApiBody, Session } from "../load/session";
import type { WorldSecrets } from "./secrets";
import type { Site } from "./sites/site";

const TIMEOUT_MS = 60_000;

/** Found in place of what a site says of itself; empty where all is as it says. Pure. */
export function differences(
  site: Site,
  general: { generator: string; lang: string; script: string; articlepath: string; phpversion: string },
  server: string,
): string[] {
  const differ = (what: string, found: string, wanted: string, same = found === wanted) =>
    same ? [] : [`${what} is ${found} in place of ${wanted}`];
  return [
    ...differ(
      "MediaWiki",
      general.generator,
      site.mediawiki,
      general.generator.startsWith(`MediaWiki ${site.mediawiki}.`),
    ),
    ...differ("PHP", general.phpversion, site.php, general.phpversion.startsWith(`${site.php}.`)),
    ...differ("the web server", server, site.webServer, server.startsWith(site.webServer)),
    ...differ("the language", general.lang, site.language),
    ...differ("the script path", general.script, `${site.scriptPath}/index.php`),
    ...differ("the article path", general.articlepath, site.articlePath),
  ];
}

/**
 * Asks the old site as its readers do, so that its access log has their addresses, and sees that it is what it says.
 * @throws `WORLD_WRONG` with each difference
 */
export async function proveSite(
  site: Site,
  wikiUrl: string,
  serverUrl: string,
  secrets: WorldSecrets,
): Promise<void> {
  const client = new HttpClient(wikiUrl, serverUrl, TIMEOUT_MS, 2);
  const reader = new Session(client, `${site.scriptPath}/api.php`, secrets.reader);
  const get = (path: string, known = site.private): Promise<Reply> =>
    client.request({ path, ...(known ? { jar: reader.jar } : {}) });
  const problems: string[] = [];
  const expect = ({ status }: Reply, wanted: number[], what: string) => {
    if (!wanted.includes(status))
      problems.push(`${what} answers ${status} in place of ${wanted.join(" or ")}`);
  };
  try {
    await reader.login();
    const { query } = await body(reader, {
      action: "query",
      meta: "siteinfo",
      list: "allimages",
      ailimit: 3,
    });
    const main = await get(pathOf(site.articlePath, site.mainPage));
    expect(main, [200], `${site.mainPage}`);
    problems.push(...differences(site, query.general, String(main.headers.server ?? "")));

    for (const { url, name } of query.allimages) {
      const { pathname } = new URL(url, "http://x");
      expect(await get(pathname), [200], `the file ${name}`);
      if (site.private) expect(await get(pathname, false), [403], `the file ${name}, to anybody,`);
      const stored = pathname.replace(site.uploadPath, `${site.scriptPath}/images`);
      if (site.private) expect(await get(stored, false), [403, 404], `the file ${name} by its own path`);
    }
    for (const address of site.addresses) await get(address, false);
    for (const { title, shows } of site.pages) {
      if (shows === undefined) continue;
      const page = await get(pathOf(site.articlePath, title));
      if (!page.body.includes(shows)) problems.push(`${title} does not show ${shows}`);
    }
    // A special page sends those who ask in English on to its name in the wiki's language, 1.43 opensearch_desc.php to rest.php.
    for (const address of await pageAddresses(reader, site))
      expect(await get(address), [200, 301, 308], address);
  } finally {
    client.close();
  }
  if (problems.length > 0)
    throw new WikiferryError(
      "WORLD_WRONG",
      `The old site is not what it should be: ${problems.join("; ")}`,
      "Run `npm run world -- reset`. If that does not help, see the web server's logs in its container.",
    );
}

/** Pages with the titles that are hard, and what a page makes a browser ask for. */
async function pageAddresses(reader: Session, { articlePath, scriptPath, pages }: Site): Promise<string[]> {
  const { query } = await body(reader, { action: "query", list: "allpages", aplimit: 500 });
  const titles: string[] = query.allpages.map(({ title }: { title: string }) => title);
  const hard = titles.filter((title) => /[^\w ,()-]/.test(title)).slice(0, 20);
  const [some = ""] = titles;
  const index = (more: string) => `${scriptPath}/index.php?title=${encodeURIComponent(some)}&${more}`;
  return [
    ...[...hard, ...pages.filter(({ shows }) => !shows).map(({ title }) => title)].map((title) =>
      pathOf(articlePath, title),
    ),
    index("action=history"),
    index("action=raw"),
    pathOf(articlePath, "Special:RecentChanges"),
    `${scriptPath}/load.php?lang=en&modules=startup&only=scripts&raw=1&skin=vector`,
    `${scriptPath}/api.php?action=query&meta=siteinfo&format=json`,
    `${scriptPath}/opensearch_desc.php`,
  ];
}

async function body(session: Session, params: Record<string, string | number>): Promise<ApiBody> {
  const answer = await session.get(params);
  if (answer.status === "ok") return answer.body;
  throw new WikiferryError(
    "WORLD_WRONG",
    `The old site's API does not answer its reader: ${answer.code} ${answer.message}`,
    "Run `npm run world -- reset`.",
  );
}
