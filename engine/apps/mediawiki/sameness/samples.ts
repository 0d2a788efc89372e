import { z } from "zod";
import { parsed, type Site } from "./site";

/** What a wiki has, one of each kind. */
export interface Samples {
  /** Titles with letters that an address has to carry over, at most one of each kind. */
  hardTitles: string[];
  /** One page of each namespace that has any. */
  pages: string[];
  redirect?: string;
  /** A page with more than one revision, and its two newest ones. */
  history?: { title: string; newest: number; before: number };
  /** One file of each media type. */
  files: { title: string; url: string }[];
  category?: string;
  user?: string;
}

/** Asks a wiki's API. */
export type AskApi = (query: Record<string, string>) => Promise<unknown>;

/** Letters that a rewrite, an escape or a database may lose. */
const hardLetters: readonly RegExp[] = [
  /[\u{10000}-\u{10ffff}]/u,
  /[\u0080-\u024f]/,
  /[\u0250-\uffff]/,
  /\?/,
  /&/,
  /\+/,
  /\//,
  /["']/,
  /%/,
  /[;=*!(),~@$]/,
];

/** Titles that are looked through for hard letters. */
const mostTitles = 2_000;

const pagesSchema = z.object({
  query: z.object({ allpages: z.array(z.object({ title: z.string() })) }),
  continue: z.object({ apcontinue: z.string() }).optional(),
});
const imagesSchema = z.object({
  query: z.object({
    allimages: z.array(z.object({ title: z.string(), url: z.string(), mime: z.string().default("") })),
  }),
});
const changesSchema = z.object({
  query: z.object({
    recentchanges: z.array(
      z.object({ title: z.string(), revid: z.number(), old_revid: z.number(), user: z.string().optional() }),
    ),
  }),
});
const categoriesSchema = z.object({
  query: z.object({ allcategories: z.array(z.object({ category: z.string() })) }),
});

/** Finds one of each kind through the API. A query that the wiki refuses yields nothing. */
export async function readSamples(ask: AskApi, site: Site): Promise<Samples> {
  const titles = await someTitles(ask);
  const own = site.namespaces.filter(({ id }) => id > 0);
  const [redirect, images, changes, categories, ...pages] = await Promise.all([
    firstPage(ask, { apfilterredir: "redirects" }),
    ask({ action: "query", list: "allimages", ailimit: "500", aiprop: "url|mime" }),
    ask({
      action: "query",
      list: "recentchanges",
      rctype: "edit",
      rcprop: "title|ids|user",
      rclimit: "50",
      rcnamespace: "0",
    }),
    ask({ action: "query", list: "allcategories", acmin: "1", aclimit: "1" }),
    ...own.map(({ id }) => firstPage(ask, { apnamespace: String(id) })),
  ]);
  const edited = changesSchema
    .safeParse(changes)
    .data?.query.recentchanges.find(({ old_revid }) => old_revid > 0);
  const category = categoriesSchema.safeParse(categories).data?.query.allcategories[0]?.category;
  return {
    hardTitles: hardOnes(titles),
    pages: [titles.find((title) => title !== site.mainPage), ...pages].filter((one) => one !== undefined),
    ...(redirect ? { redirect } : {}),
    ...(edited ? { history: { title: edited.title, newest: edited.revid, before: edited.old_revid } } : {}),
    ...(edited?.user ? { user: edited.user } : {}),
    ...(category ? { category } : {}),
    files: oneOfEachType(imagesSchema.safeParse(images).data?.query.allimages ?? []),
  };
}

/** The first title with each kind of hard letter; one title may serve for several. */
export function hardOnes(titles: readonly string[]): string[] {
  const found = new Set<string>();
  for (const letters of hardLetters) {
    if ([...found].some((title) => letters.test(title))) continue;
    const title = titles.find((one) => letters.test(one));
    if (title !== undefined) found.add(title);
  }
  return [...found];
}

function oneOfEachType(images: { title: string; url: string; mime: string }[]) {
  const byType = new Map<string, { title: string; url: string }>();
  for (const { title, url, mime } of images) if (!byType.has(mime)) byType.set(mime, { title, url });
  return [...byType.values()];
}

async function someTitles(ask: AskApi): Promise<string[]> {
  const titles: string[] = [];
  let from: string | undefined;
  do {
    const query = {
      action: "query",
      list: "allpages",
      aplimit: "500",
      ...(from ? { apcontinue: from } : {}),
    };
    const page = pagesSchema.safeParse(await ask(query)).data;
    titles.push(...(page?.query.allpages ?? []).map(({ title }) => title));
    from = page?.continue?.apcontinue;
  } while (from !== undefined && titles.length < mostTitles);
  return titles;
}

async function firstPage(ask: AskApi, filter: Record<string, string>): Promise<string | undefined> {
  const answer = await ask({ action: "query", list: "allpages", aplimit: "1", ...filter });
  return pagesSchema.safeParse(answer).data?.query.allpages[0]?.title;
}

export const apiQuery = (query: Record<string, string>): string =>
  `?${new URLSearchParams({ ...query, format: "json", formatversion: "2" })}`;

export function readJson(body: Buffer): unknown {
  return parsed(body.toString());
}
