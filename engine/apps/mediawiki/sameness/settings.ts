import { z } from "zod";
import { parsed } from "./site";
import type { Difference } from "./types";

const named = z.looseObject({
  name: z.string().optional(),
  type: z.string().default(""),
  version: z.string().optional(),
});
const querySchema = z.object({
  query: z.looseObject({
    general: z.record(z.string(), z.unknown()),
    namespaces: z.record(z.string(), z.unknown()).default({}),
    namespacealiases: z.array(z.looseObject({ id: z.number(), alias: z.string() })).default([]),
    specialpagealiases: z.array(z.looseObject({ realname: z.string() })).default([]),
    magicwords: z.array(z.looseObject({ name: z.string() })).default([]),
    extensions: z.array(named).default([]),
    skins: z.array(z.looseObject({ code: z.string() })).default([]),
    usergroups: z
      .array(z.looseObject({ name: z.string(), rights: z.array(z.string()).default([]) }))
      .default([]),
    libraries: z.array(z.looseObject({ name: z.string(), version: z.string().default("") })).default([]),
    languages: z.array(z.looseObject({ code: z.string() })).default([]),
    fileextensions: z.array(z.looseObject({ ext: z.string() })).default([]),
    defaultoptions: z.record(z.string(), z.unknown()).or(z.array(z.unknown())).default({}),
  }),
});

/** What belongs to the machine, or to the moment. */
const ofTheMachine = new Set([
  "phpversion",
  "phpsapi",
  "dbtype",
  "dbversion",
  "time",
  "readonly",
  "readonlyreason",
  "git-hash",
  "git-branch",
  "hhvmversion",
]);

/** Settings of `general` by which people know them. */
const settingNames: Record<string, string> = {
  mainpage: "main page (language, or MediaWiki:Mainpage)",
  base: "address of the main page ($wgServer, $wgArticlePath)",
  sitename: "$wgSitename",
  generator: "MediaWiki's version",
  server: "$wgServer",
  servername: "$wgServer",
  lang: "$wgLanguageCode",
  fallback: "$wgLanguageCode",
  fallback8bitEncoding: "$wgLanguageCode",
  linktrail: "$wgLanguageCode",
  linkprefixcharset: "$wgLanguageCode",
  case: "$wgCapitalLinks",
  articlepath: "$wgArticlePath",
  scriptpath: "$wgScriptPath",
  script: "$wgScript",
  variantarticlepath: "$wgVariantArticlePath",
  wikiid: "$wgDBname, $wgDBprefix",
  timezone: "$wgLocaltimezone",
  timeoffset: "$wgLocaltimezone",
  maxuploadsize: "$wgMaxUploadSize",
  minuploadchunksize: "$wgMinUploadChunkSize",
  maxarticlesize: "$wgMaxArticleSize",
  uploadsenabled: "$wgEnableUploads",
  imagewhitelistenabled: "$wgEnableImageWhitelist",
  langconversion: "$wgDisableLangConversion",
  logo: "$wgLogo, $wgLogos",
  favicon: "$wgFavicon",
  thumblimits: "$wgThumbLimits",
  imagelimits: "$wgImageLimits",
  externalimages: "$wgAllowExternalImages",
  writeapi: "$wgEnableWriteAPI",
  legaltitlechars: "$wgLegalTitleChars",
  rtl: "$wgLanguageCode",
  centralidlookupprovider: "$wgCentralIdLookupProvider",
  interwikimagic: "$wgInterwikiMagic",
};

/** In which settings the two answers to `siteQuestion` differ, each named by its cause. Pure. */
export function compareSettings(blueBody: string, greenBody: string): Difference[] {
  const [blue, green] = [blueBody, greenBody].map((body) => querySchema.safeParse(parsed(body)).data?.query);
  if (!blue || !green) return unread(greenBody, blue !== undefined, green !== undefined);
  const text = (value: unknown) => JSON.stringify(value ?? null);
  const general = settingsOf(
    blue.general,
    green.general,
    (key) => settingNames[key] ?? `siteinfo ${key}`,
  ).filter(({ key }) => !ofTheMachine.has(key));
  const sets = [
    listed("extension", blue, green, ({ extensions }) =>
      extensions
        .filter(({ type }) => type !== "skin")
        .map(({ name, version }) => [name ?? "", version ?? ""]),
    ),
    listed("skin", blue, green, ({ skins }) =>
      skins.map(({ code, ...rest }) => [code, "default" in rest ? "default" : ""]),
    ),
    listed("namespace", blue, green, ({ namespaces }) =>
      Object.entries(namespaces).map(([id, value]) => [id, text(value)]),
    ),
    listed("namespace alias", blue, green, ({ namespacealiases }) =>
      namespacealiases.map(({ id, alias }) => [alias, String(id)]),
    ),
    listed("special page", blue, green, ({ specialpagealiases }) =>
      specialpagealiases.map(({ realname, ...rest }) => [realname, text(rest)]),
    ),
    listed("magic word", blue, green, ({ magicwords }) =>
      magicwords.map(({ name, ...rest }) => [name, text(rest)]),
    ),
    listed("rights of group", blue, green, ({ usergroups }) =>
      usergroups.map(({ name, rights, ...rest }) => [name, text([[...rights].sort(), rest])]),
    ),
    listed("composer package", blue, green, ({ libraries }) =>
      libraries.map(({ name, version }) => [name, version]),
    ),
    listed("file extension", blue, green, ({ fileextensions }) => fileextensions.map(({ ext }) => [ext, ""])),
    listed("language", blue, green, ({ languages }) =>
      languages.map(({ code, ...rest }) => [code, text(rest)]),
    ),
    listed("default of user option", blue, green, ({ defaultoptions }) =>
      Object.entries(defaultoptions).map(([name, value]) => [name, text(value)]),
    ),
    listed("parser function", blue, green, (query) => words(query.functionhooks)),
    listed("parser tag", blue, green, (query) => words(query.extensiontags)),
    listed("variable", blue, green, (query) => words(query.variables)),
    listed("protocol", blue, green, (query) => words(query.protocols)),
    listed("licence", blue, green, (query) =>
      Object.entries(query.rightsinfo ?? {}).map(([k, v]) => [k, text(v)]),
    ),
    listed("protection", blue, green, (query) =>
      Object.entries(query.restrictions ?? {}).map(([k, v]) => [k, text(v)]),
    ),
  ];
  return [...general.map(({ difference }) => difference), ...sets.flat()];
}

type Query = z.output<typeof querySchema>["query"];

const words = (list: unknown): [string, string][] =>
  z
    .array(z.string())
    .catch([])
    .parse(list)
    .map((word) => [word, ""]);

function settingsOf(
  blue: Record<string, unknown>,
  green: Record<string, unknown>,
  nameOf: (key: string) => string,
) {
  return [...new Set([...Object.keys(blue), ...Object.keys(green)])]
    .map((key) => ({
      key,
      there: JSON.stringify(blue[key] ?? null),
      here: JSON.stringify(green[key] ?? null),
    }))
    .filter(({ there, here }) => there !== here)
    .map(({ key, there, here }) => ({
      key,
      difference: setting(nameOf(key), `${short(here)} instead of ${short(there)}`),
    }));
}

/** Things that have names, each with what is known of it. More than a few of a kind are told together. */
function listed(
  kind: string,
  blue: Query,
  green: Query,
  of: (query: Query) => [string, string][],
): Difference[] {
  const [there, here] = [new Map(of(blue)), new Map(of(green))];
  const names = [...new Set([...there.keys(), ...here.keys()])].filter(
    (name) => there.get(name) !== here.get(name),
  );
  const tell = (name: string) =>
    !here.has(name)
      ? "missing"
      : !there.has(name)
        ? "not on blue"
        : `${short(here.get(name))} instead of ${short(there.get(name))}`;
  if (names.length <= 5) return names.map((name) => setting(`${kind} ${name}`, tell(name)));
  const examples = names.slice(0, 3).map((name) => `${name}: ${tell(name)}`);
  return [setting(`${kind}s`, `${names.length} differ, among them ${examples.join("; ")}`)];
}

function unread(greenBody: string, blueTells: boolean, greenTells: boolean): Difference[] {
  if (!blueTells && !greenTells) return [];
  const what = (body: string) =>
    z.object({ error: z.object({ code: z.string() }) }).safeParse(parsed(body)).data?.error.code ??
    short(body);
  return [
    setting(
      "right to read",
      greenTells
        ? "green tells its settings, blue does not"
        : `green answers ${what(greenBody)}, blue tells its settings`,
    ),
  ];
}

export function setting(name: string, what: string): Difference {
  return { shape: `setting: ${name}`, example: "", what, addresses: 0 };
}

const short = (text: string | undefined) => {
  const value = text ?? "";
  return value.length > 120 ? `${value.slice(0, 120)}…` : value === "" ? "none" : value;
};
