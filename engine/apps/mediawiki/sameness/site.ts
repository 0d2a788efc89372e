import { z } from "zod";

const namespaceSchema = z.looseObject({
  id: z.number(),
  name: z.string(),
  canonical: z.string().optional(),
});

const siteSchema = z.object({
  query: z.object({
    general: z.looseObject({
      generator: z.string(),
      mainpage: z.string(),
      articlepath: z.string(),
      scriptpath: z.string(),
      script: z.string(),
      server: z.string(),
      logo: z.string().optional(),
      favicon: z.string().optional(),
    }),
    namespaces: z.record(z.string(), namespaceSchema),
    namespacealiases: z.array(z.object({ id: z.number(), alias: z.string() })).default([]),
    specialpagealiases: z.array(z.object({ realname: z.string(), aliases: z.array(z.string()) })).default([]),
  }),
});

/** What decides what an address of a wiki means. */
export interface Site {
  /** `$wgArticlePath`, such as `/wiki/$1`. */
  articlePath: string;
  /** `$wgScriptPath`, such as `/w`, often empty. */
  scriptPath: string;
  /** `$wgScript`, such as `/w/index.php`. */
  script: string;
  mainPage: string;
  namespaces: { id: number; names: string[] }[];
  /** Each special page: its name in MediaWiki's code, and its names here, the usual one first. */
  specialPages: { realName: string; aliases: string[] }[];
  logo?: string;
  favicon?: string;
}

/** Everything that `siteinfo` tells about a wiki's settings; sent to both sides. */
export const siteQuestion = `?${new URLSearchParams({
  action: "query",
  meta: "siteinfo",
  siprop:
    "general|namespaces|namespacealiases|specialpagealiases|magicwords|extensions|skins|usergroups|fileextensions|libraries|protocols|functionhooks|extensiontags|variables|defaultoptions|restrictions|rightsinfo|languages",
  format: "json",
  formatversion: "2",
})}`;

/** Parses the answer to `siteQuestion`; undefined where it is not a wiki's, or a private wiki's. */
export function readSite(body: string): Site | undefined {
  const query = siteSchema.safeParse(parsed(body)).data?.query;
  if (!query) return undefined;
  const { general } = query;
  const aliases = (id: number) =>
    query.namespacealiases.filter((one) => one.id === id).map((one) => one.alias);
  return {
    articlePath: general.articlepath,
    scriptPath: general.scriptpath,
    script: general.script,
    mainPage: general.mainpage,
    namespaces: Object.values(query.namespaces).map(({ id, name, canonical }) => ({
      id,
      names: [name, canonical ?? "", ...aliases(id)].filter((one, i) => i === 0 || one !== ""),
    })),
    specialPages: query.specialpagealiases.map(({ realname, aliases: names }) => ({
      realName: realname,
      aliases: names,
    })),
    logo: general.logo,
    favicon: general.favicon,
  };
}

/** What every MediaWiki has, for one that does not tell. */
export function unknownSite(apiPath: string): Site {
  const scriptPath = apiPath.replace(/\/[^/]*$/, "");
  const script = `${scriptPath}/index.php`;
  return {
    articlePath: `${script}?title=$1`,
    scriptPath,
    script,
    mainPage: "Main Page",
    namespaces: [
      { id: -1, names: ["Special"] },
      { id: 0, names: [""] },
      { id: 1, names: ["Talk"] },
      { id: 6, names: ["File"] },
    ],
    specialPages: [],
  };
}

export function isPrivate(body: string): boolean {
  const json = parsed(body);
  return z.object({ error: z.object({ code: z.literal("readapidenied") }) }).safeParse(json).success;
}

export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A page's address, by the wiki's own article path. */
export function articleAddress({ articlePath }: Pick<Site, "articlePath">, title: string): string {
  return articlePath.replace("$1", () => titleInAddress(title, articlePath.includes("?")));
}

/** As `wfUrlencode` writes a title: letters that mean nothing in a path stay as they are. */
function titleInAddress(title: string, inQuery: boolean): string {
  const encoded = encodeURIComponent(title.replaceAll(" ", "_")).replace(/'/g, "%27");
  const plain: Record<string, string> = {
    "%3B": ";",
    "%40": "@",
    "%24": "$",
    "%2C": ",",
    "%2F": "/",
    "%3A": ":",
  };
  return encoded.replace(/%(3B|40|24|2C|2F|3A)/g, (code) =>
    inQuery && code === "%2C" ? code : (plain[code] ?? code),
  );
}
