import { WikiferryError } from "../../../errors";
import type { ParsedServer, ParsedSite } from "./parsedServer";
import { linesOf } from "./sections";

/** A place with MediaWiki's code. */
export interface Place {
  directory: string;
  /** Where its code really lies. */
  realDirectory: string;
  /** Empty for one before 1.35. */
  version: string;
  /** Its LocalSettings.php without links; empty if it has none. */
  settingsFile: string;
}

/** Output of `placesScript`. The same code and settings by another name are one place; the first name counts. */
export function placesIn(text: string): Place[] {
  const places = new Map<string, Place>();
  for (const line of linesOf(text)) {
    const [directory = "", realDirectory = "", version = "", settingsFile = ""] = line.split("\t");
    const key = `${realDirectory} ${settingsFile}`;
    if (!places.has(key)) places.set(key, { directory, realDirectory, version, settingsFile });
  }
  return [...places.values()];
}

const within = (path: string, root: string) =>
  path === root || path.startsWith(`${root === "/" ? "" : root}/`);

/** The sites that serve a place: from their document root, or by an alias. */
export function sitesServing(place: Place, servers: readonly ParsedServer[]): ParsedSite[] {
  return servers
    .flatMap(({ sites }) => sites)
    .filter(({ roots }) =>
      roots.some(
        (root) =>
          within(place.directory, root) || within(place.realDirectory, root) || within(root, place.directory),
      ),
    );
}

/**
 * The wiki that is meant: the wanted one, else the only one that a site serves, else the only one with settings.
 * @param wanted Its directory, or empty.
 * @throws `INVENTORY_NO_WIKI`, `INVENTORY_SEVERAL_WIKIS`
 */
export function chooseWiki(
  places: readonly Place[],
  servers: readonly ParsedServer[],
  wanted: string,
  host: string,
): Place {
  const named = places.find(
    ({ directory, realDirectory }) => directory === wanted || realDirectory === wanted,
  );
  if (named) return named;
  const shown = places
    .map(({ directory, version }) => `${directory} (${version || "older than 1.35"})`)
    .join(", ");
  if (wanted !== "")
    throw new WikiferryError(
      "INVENTORY_NO_WIKI",
      `${wanted} on ${host} is no directory of MediaWiki's code`,
      shown === ""
        ? "Name the directory that contains includes/ and maintenance/"
        : `Name one of these: ${shown}`,
    );
  const configured = (place: Place) =>
    place.settingsFile !== "" ||
    sitesServing(place, servers).some(({ environment }) => environment.MW_CONFIG_FILE);
  const ready = places.filter(configured);
  const served = ready.filter((place) => sitesServing(place, servers).length > 0);
  const fitting = served.length > 0 ? served : ready;
  const [only, ...others] = fitting;
  if (only && others.length === 0) return only;
  if (only)
    throw new WikiferryError(
      "INVENTORY_SEVERAL_WIKIS",
      `${host} has several wikis: ${fitting.map(({ directory, version }) => `${directory} (${version})`).join(", ")}`,
      "Name the one to move by --directory, or set blue.web.mediawikiDirectory",
    );
  throw new WikiferryError(
    "INVENTORY_NO_WIKI",
    places.length === 0
      ? `no MediaWiki was found on ${host}, neither where its web server serves files nor in the usual places`
      : `no MediaWiki on ${host} has a LocalSettings.php: ${shown}`,
    "Name its directory by --directory, or set blue.web.mediawikiDirectory",
  );
}

/** The site that serves the wiki best: with its name, with TLS if its address has it, with PHP. */
export function bestSite(sites: readonly ParsedSite[], server: string): ParsedSite | undefined {
  const url = /^(?:(https?):)?\/\/([^/:]+)/.exec(server);
  const score = (site: ParsedSite) =>
    ([site.name, ...site.aliases].includes(url?.[2] ?? "") ? 4 : 0) +
    (url?.[1] !== undefined && (url[1] === "https") === site.tls ? 2 : 0) +
    (site.fastCgi.length > 0 ? 1 : 0);
  return [...sites].sort((a, b) => score(b) - score(a))[0];
}
