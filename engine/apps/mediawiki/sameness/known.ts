import { posix } from "node:path";
import { unique } from "./choose";
import { isReadingPage } from "./harmless";
import type { Samples } from "./samples";
import { shapeOf } from "./shape";
import { articleAddress, type Site } from "./site";
import type { Address, Asker } from "./types";

/** Special pages of MediaWiki's own that read, and don't count through a large wiki. */
const corePages = [
  "Recentchanges",
  "Allpages",
  "Specialpages",
  "Version",
  "Statistics",
  "Listfiles",
  "Listusers",
  "Categories",
  "Prefixindex",
  "Search",
  "Log",
  "Newpages",
  "Listgrouprights",
  "Listredirects",
  "Protectedpages",
  "Tags",
  "Booksources",
  "Mediastatistics",
  "Preferences",
  "Watchlist",
  "TrackingCategories",
  "Allmessages",
  "Contributions",
];

/** Special pages that come with MediaWiki itself: of these only the ones above are asked. */
const ofMediaWiki = new RegExp(
  `^(${[
    ...corePages,
    "Activeusers",
    "AllMyUploads",
    "Ancientpages",
    "ApiHelp",
    "AutoblockList",
    "Badtitle",
    "Blankpage",
    "Block",
    "BlockList",
    "Brokenredirects",
    "ChangeContentModel",
    "ComparePages",
    "ContributeActivity",
    "Contribute",
    "Deadendpages",
    "DeletedContributions",
    "DeletePage",
    "Diff",
    "Doubleredirects",
    "EditPage",
    "EditRecovery",
    "EditTags",
    "EditWatchlist",
    "Emailuser",
    "ExpandTemplates",
    "Fewestrevisions",
    "FileDuplicateSearch",
    "Filepath",
    "GoToInterwiki",
    "Import",
    "IPContributions",
    "Interwiki",
    "JavaScriptTest",
    "LinkSearch",
    "Listadmins",
    "Listautoblocks",
    "Listbots",
    "Listgrants",
    "Listinterwikis",
    "Lockdb",
    "Lonelypages",
    "Longpages",
    "MIMEsearch",
    "MergeHistory",
    "Mostcategories",
    "Mostimages",
    "Mostinterwikis",
    "Mostlinked",
    "Mostlinkedcategories",
    "Mostlinkedtemplates",
    "Mostrevisions",
    "Movepage",
    "Mute",
    "MyLanguage",
    "Mycontributions",
    "MyLog",
    "Mypage",
    "Mytalk",
    "Myuploads",
    "NamespaceInfo",
    "NewSection",
    "Newimages",
    "PageData",
    "PageHistory",
    "PageInfo",
    "PageLanguage",
    "Pageswithprop",
    "PasswordPolicies",
    "PermanentLink",
    "ProtectPage",
    "Protectedtitles",
    "Purge",
    "Recentchangeslinked",
    "Redirect",
    "RenameUser",
    "ResetTokens",
    "RestSandbox",
    "Revisiondelete",
    "Shortpages",
    "TalkPage",
    "Unblock",
    "Uncategorized\\w+",
    "Undelete",
    "Unlockdb",
    "Unused\\w+",
    "Unwatchedpages",
    "UploadStash",
    "Userrights",
    "ViewXML",
    "Wanted\\w+",
    "Whatlinkshere",
    "Withoutinterwiki",
    "BotPasswords",
    "Deletedpages",
    "ApiSandbox",
    "Mostimages",
    "Gadget\\w*",
  ].join("|")})$`,
  "i",
);

/** Titles whose letters each way in has to carry, for pages that no wiki has. */
const missingTitles = ["Wikiferry asks for a page that is missing", "Wikiferry/Ä & ß + \"q\" 'a' ?/𝄞"];

/** Files that web servers and browsers look for in the document's root. */
const rootFiles = [
  "/",
  "/favicon.ico",
  "/robots.txt",
  "/sitemap.xml",
  "/apple-touch-icon.png",
  "/.well-known/security.txt",
];

/** What must be closed, or do nothing, wherever the code is: below the script path and below the document's root. */
const closedPlaces = [
  "/LocalSettings.php",
  "/LocalSettings.php~",
  "/.git/HEAD",
  "/.htaccess",
  "/maintenance/",
  "/maintenance/update.php",
  "/includes/WebStart.php",
  "/vendor/composer/installed.json",
  "/cache/",
  "/composer.local.json",
];

/** Addresses below an upload path that show whether folders are listed and deleted files closed. */
const closedUploads = ["/", "/deleted/", "/temp/", "/lockdir/", "/thumb/", "/.htaccess", "/README"];

export interface Places {
  /** Path of the uploads without `img_auth.php`, such as `/images`. */
  uploadPath: string;
  /** Files that nobody may have, relative to the upload directory, such as `deleted/a/b/c/abc.png`. */
  hidden: readonly string[];
  /** Origin of the wiki's own addresses. */
  serverUrl: string;
}

/**
 * One address of each shape that MediaWiki knows, the most telling first.
 * @param as Who may read: a private wiki is asked by its account, and by somebody without a session as well.
 */
export function knownAddresses(
  site: Site,
  samples: Samples,
  places: Places,
  apiPath: string,
  as: Asker,
): Address[] {
  const paths = [
    ...rootFiles,
    ...entrances(site),
    ...[site.mainPage, ...samples.hardTitles, ...samples.pages, ...missingTitles].map((title) =>
      articleAddress(site, title),
    ),
    ...files(samples, places),
    ...closed(site, samples, places),
    ...views(site, samples),
    ...programs(site, samples, apiPath),
    ...specialPages(site, samples),
  ];
  const asked = (who: Asker) =>
    paths.map(
      (path): Address => ({
        method: "GET",
        path,
        shape: shapeOf(path, site) + (as !== who ? " (not logged in)" : ""),
        as: who,
      }),
    );
  const head: Address = {
    method: "HEAD",
    path: articleAddress(site, site.mainPage),
    shape: "HEAD of an article",
    as,
  };
  return unique([...asked(as), head, ...(as === "account" ? asked("anonymous") : [])]);
}

/** Ways to the main page, and to an article past its usual address. */
function entrances(site: Site): string[] {
  const folder = site.articlePath.replace(/\$1.*$/, "");
  return [
    site.script,
    `${site.scriptPath}/`,
    site.scriptPath,
    `${site.script}?title=${encodeURIComponent(site.mainPage.replaceAll(" ", "_"))}`,
    `${site.script}/${encodeURIComponent(site.mainPage.replaceAll(" ", "_"))}`,
    ...(folder.includes("?") ? [] : [folder, folder.replace(/\/$/, "")]),
  ].filter((path) => path.startsWith("/"));
}

function files(samples: Samples, { serverUrl }: Places): string[] {
  return samples.files.flatMap(({ url }) => ownPath(url, serverUrl) ?? []);
}

/** The path of one of the wiki's own addresses; undefined for another host's. */
export function ownPath(url: string, serverUrl: string): string | undefined {
  try {
    const { host, pathname, search } = new URL(url, serverUrl);
    return host === new URL(serverUrl).host ? pathname + search : undefined;
  } catch {
    return undefined;
  }
}

function closed(site: Site, samples: Samples, { uploadPath, hidden, serverUrl }: Places): string[] {
  const bases = [...new Set([site.scriptPath, ""])];
  const uploads = [...new Set([uploadPath, `${site.scriptPath}/images`, "/images"])];
  // A file that a script hands out must not be had past it.
  const past = samples.files.flatMap(
    ({ url }) => /\.php(\/.+)$/.exec(ownPath(url, serverUrl) ?? "")?.[1] ?? [],
  );
  return [
    ...bases.flatMap((base) => closedPlaces.map((place) => base + place)),
    ...uploads.flatMap((base) =>
      [...closedUploads, ...past, ...hidden.map((file) => `/${file}`)].map((place) => base + place),
    ),
  ].map((path) => path.split("/").map(asSegment).join("/"));
}

const asSegment = (segment: string) =>
  /^[\w.~%+@=:,()!*'-]*$/.test(segment) ? segment : encodeURIComponent(segment);

function views(site: Site, { history, redirect, pages, category, files: withFile }: Samples): string[] {
  const title = history?.title ?? pages[0] ?? site.mainPage;
  const index = (query: Record<string, string>) => `${site.script}?${new URLSearchParams(query)}`;
  const of = title.replaceAll(" ", "_");
  return [
    index({ title: of, action: "history" }),
    index({ title: of, action: "raw" }),
    index({ title: of, action: "info" }),
    index({ title: of, action: "render" }),
    index({ title: of, printable: "yes" }),
    index({ title: of, action: "history", feed: "atom" }),
    ...(history
      ? [
          index({ title: of, oldid: String(history.before) }),
          index({ title: of, diff: String(history.newest), oldid: String(history.before) }),
          index({ title: of, diff: "prev", oldid: String(history.newest) }),
        ]
      : []),
    ...(redirect
      ? [articleAddress(site, redirect), index({ title: redirect.replaceAll(" ", "_"), redirect: "no" })]
      : []),
    ...(category ? [articleAddress(site, `${spaceOf(site, 14)}:${category}`)] : []),
    ...withFile.map((file) => articleAddress(site, file.title)),
  ];
}

/** load.php, api.php and the others. */
function programs(
  site: Site,
  { history, pages, hardTitles, files: withFile }: Samples,
  apiPath: string,
): string[] {
  const title = history?.title ?? pages[0] ?? site.mainPage;
  const script = (name: string, query: Record<string, string> = {}) => {
    const text = new URLSearchParams(query).toString();
    return `${posix.join(posix.dirname(site.script), name)}${text ? `?${text}` : ""}`;
  };
  const api = (query: Record<string, string>) =>
    `${apiPath}?${new URLSearchParams({ format: "json", formatversion: "2", ...query })}`;
  return [
    script("load.php", { modules: "startup", only: "scripts", raw: "1" }),
    script("load.php", { modules: "site.styles", only: "styles" }),
    script("load.php", { modules: "site" }),
    script("load.php", { modules: "jquery|mediawiki.base" }),
    script("opensearch_desc.php"),
    ...[title, hardTitles.find((one) => one.includes("/")) ?? "A/B"].map(
      (one) => `${script("rest.php")}/v1/page/${encodeURIComponent(one.replaceAll(" ", "_"))}`,
    ),
    apiPath,
    api({
      action: "query",
      titles: title,
      prop: "info|revisions|links|categories|images",
      rvprop: "ids|timestamp|sha1",
    }),
    api({ action: "parse", page: title, prop: "text|sections|displaytitle" }),
    api({ action: "opensearch", search: title.slice(0, 2) }),
    api({ action: "query", list: "allpages", aplimit: "20" }),
    api({
      action: "query",
      list: "recentchanges",
      rcprop: "title|ids|user|comment|timestamp",
      rclimit: "10",
    }),
    ...(withFile[0]
      ? [
          api({
            action: "query",
            titles: withFile[0].title,
            prop: "imageinfo",
            iiprop: "url|size|sha1|mime|metadata",
          }),
        ]
      : []),
    api({ action: "feedrecentchanges" }).replace("format=json&formatversion=2&", ""),
  ];
}

function specialPages(site: Site, { user, history, pages }: Samples): string[] {
  const space = spaceOf(site, -1);
  const named = (realName: string) =>
    site.specialPages.find((one) => one.realName.toLowerCase() === realName.toLowerCase())?.aliases[0] ??
    realName;
  const address = (name: string, below = "") =>
    articleAddress(site, `${space}:${named(name)}${below ? `/${below}` : ""}`);
  const title = history?.title ?? pages[0] ?? site.mainPage;
  const ofExtensions = site.specialPages.filter(
    ({ realName }) => !ofMediaWiki.test(realName) && isReadingPage(realName, site),
  );
  return [
    `${site.script}?title=Special:SpecialPages`,
    ...corePages.filter((name) => name !== "Contributions").map((name) => address(name)),
    address("Whatlinkshere", title),
    address("Recentchangeslinked", title),
    ...(user ? [address("Contributions", user)] : []),
    `${site.script}?${new URLSearchParams({ title: `${space}:${named("Recentchanges")}`, feed: "atom" })}`,
    ...ofExtensions.map(({ realName }) => address(realName)),
  ];
}

function spaceOf(site: Site, id: number): string {
  const canonical: Record<number, string> = { [-1]: "Special", 14: "Category" };
  return site.namespaces.find((one) => one.id === id)?.names[0] ?? canonical[id] ?? "";
}

/** Addresses of the wiki's own that a page names: styles, scripts, images in the sizes that are used. */
export function namedIn(html: string, site: Site, places: Pick<Places, "serverUrl">, as: Asker): Address[] {
  const attributes = [...html.matchAll(/<(?:link|script|img|source)\b[^>]*?>/gi)].flatMap(([tag]) => [
    ...[...tag.matchAll(/\b(?:href|src)="([^"]+)"/g)].map(([, value]) => value as string),
    ...[...tag.matchAll(/\bsrcset="([^"]+)"/g)].flatMap(([, value]) =>
      (value as string).split(",").map((one) => one.trim().split(/\s/)[0] ?? ""),
    ),
  ]);
  const paths = attributes
    .map((value) => ownPath(value.replaceAll("&amp;", "&"), places.serverUrl))
    .filter((path) => path !== undefined && !/action=edit|feed=|[?&]version=/.test(path));
  return unique(
    paths.map((path) => ({ method: "GET", path: path as string, shape: shapeOf(path as string, site), as })),
  );
}
