import type { Finding } from "../../../finding";
import type { Report } from "../../../progress";
import type { AccessLog } from "./accessLog";
import { candidates, choose } from "./choose";
import { type Compared, compareAddresses } from "./compare";
import { knownAddresses, namedIn, type Places } from "./known";
import { comparePhp, type Php } from "./php";
import { type Accepted, conclude } from "./result";
import { type AskApi, apiQuery, readJson, readSamples } from "./samples";
import { compareSettings } from "./settings";
import { shapeOf } from "./shape";
import type { SideClient } from "./sides";
import { isPrivate, readSite, type Site, siteQuestion, unknownSite } from "./site";
import type { Address, Asker, Difference, Sameness } from "./types";

/** What a comparison works with. */
export interface Comparison {
  blue: Pick<SideClient, "ask" | "require">;
  green: Pick<SideClient, "ask" | "require">;
  /** Waits until the side that follows has applied what the other had written when this was called. */
  settle(): Promise<void>;
  apiPath: string;
  places: Places;
  /** Whether both clients are logged in as an account that may read. */
  account: boolean;
  log: AccessLog;
  /** The web server's PHP of both sides, where it could be asked. */
  php?: { blue: Php; green: Php };
  /** Number of addresses at most. */
  limit: number;
  accepted: Accepted;
  report: Report;
}

export type SamenessReport = Sameness & { findings: Finding[] };

/** Share of the addresses that is kept for what the pages name: styles, scripts, thumbnails in the sizes used. */
const namedShare = 0.25;

/** Addresses of one shape that are taken from pages. */
const namedOfAShape = 3;

/** Asks both sides for the same addresses, and compares answers and settings. Never writes. */
export async function compareSides(comparison: Comparison): Promise<SamenessReport> {
  const { apiPath, log, limit, account, places } = comparison;
  const as: Asker = account ? "account" : "anonymous";
  const { body } = await comparison.blue.require({ method: "GET", path: apiPath + siteQuestion, as });
  const site = readSite(body.toString());
  const paths = site ?? unknownSite(apiPath);
  const ask: AskApi = async (query) =>
    readJson(
      (await comparison.blue.ask({ method: "GET", path: apiPath + apiQuery(query), shape: "", as })).body,
    );
  const samples = site ? await readSamples(ask, site) : { hardTitles: [], pages: [], files: [] };
  const known = knownAddresses(paths, samples, places, apiPath, as);
  const logged = candidates(log.requests, paths).map((one) => ({ ...one, address: { ...one.address, as } }));
  const chosen = choose(known, logged, Math.max(1, Math.floor(limit * (1 - namedShare))));
  const asking = {
    blue: comparison.blue.ask,
    green: comparison.green.ask,
    settle: () => comparison.settle(),
    serverUrl: places.serverUrl,
    report: comparison.report,
  };
  const compared = await compareAddresses(chosen, asking);
  const more = furtherAddresses(compared, paths, places).slice(0, limit - compared.length);
  compared.push(...(await compareAddresses(more, asking)));
  const settings = await settingsOf(comparison, as);
  return {
    ...conclude(compared, settings, comparison.accepted),
    findings: log.finding ? [log.finding] : [],
  };
}

/** What the compared pages name, and where redirects lead: first one of each shape, then some more. */
export function furtherAddresses(compared: readonly Compared[], site: Site, places: Places): Address[] {
  const asked = new Set(compared.map(({ address }) => `${address.as} ${address.path}`));
  const named = compared.flatMap(({ address: { path, as, method }, blue }) => {
    if (method === "HEAD") return [];
    const { location } = blue.headers;
    if (location) return redirectTarget(location, path, site, places, as);
    const isPage = /html/.test(blue.headers["content-type"] ?? "");
    return isPage ? namedIn(blue.body.toString(), site, places, as) : [];
  });
  const taken = new Map<string, number>();
  const numbered = named.flatMap((address) => {
    const key = `${address.as} ${address.path}`;
    const ofShape = `${address.as} ${address.shape}`;
    const number = (taken.get(ofShape) ?? 0) + 1;
    if (asked.has(key) || number > namedOfAShape) return [];
    asked.add(key);
    taken.set(ofShape, number);
    return [{ address, number }];
  });
  return numbered.sort((a, b) => a.number - b.number).map(({ address }) => address);
}

function redirectTarget(
  location: string,
  from: string,
  site: Site,
  { serverUrl }: Places,
  as: Asker,
): Address[] {
  try {
    const { origin, pathname, search } = new URL(location, serverUrl + from);
    const path = pathname + search;
    // A page of log-in holds where to return to; it is the same program for each.
    if (origin !== new URL(serverUrl).origin || /returnto=/.test(search)) return [];
    return [{ method: "GET", path, shape: shapeOf(path, site), as }];
  } catch {
    return [];
  }
}

async function settingsOf(
  { blue, green, settle, apiPath, php }: Comparison,
  as: Asker,
): Promise<Difference[]> {
  const ask = async ({ ask: one }: Pick<SideClient, "ask">, who: Asker) =>
    (await one({ method: "GET", path: apiPath + siteQuestion, shape: "", as: who })).body.toString();
  const here = await ask(blue, as);
  await settle();
  const differences = compareSettings(here, await ask(green, as));
  if (as === "account") {
    // What is closed to people without a session stays closed.
    const [closedThere, open] = [await ask(blue, "anonymous"), await ask(green, "anonymous")];
    if (isPrivate(closedThere) && !isPrivate(open)) differences.push(...compareSettings(closedThere, open));
  }
  return [...differences, ...(php ? comparePhp(php.blue, php.green) : [])];
}
