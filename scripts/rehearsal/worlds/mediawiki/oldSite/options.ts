import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { WikiferryError } from "../../../../../engine/errors";
import { filesIn } from "../../../../../engine/runtime/docker/imageFolder";
import { rehearsalId, rehearsalLabel } from "../../../../common/rehearsalId";
import { type SiteName, siteOf } from "./sites/index";

export type Progress = (message: string) => void;

/** Ports on 127.0.0.1. */
export interface WorldPorts {
  webSsh: number;
  dbSsh: number;
  filesSsh: number;
  http: number;
}

export interface WorldOptions {
  /** How its wiki was set up, by Debian's release. Defaults to `bookworm`. */
  site?: SiteName;
  /** Pages with text made from documentation. 10 to 20000. Defaults to 2000. */
  pages?: number;
  /** Uploaded files, including those that are deleted later. 10 to 1500. Defaults to 210. */
  files?: number;
  /** The same seed gives the same titles, texts and files. Defaults to 1. */
  seed?: number;
  /** Starts from the state right after creation, whatever was done to the old site since. Defaults to false. */
  fresh?: boolean;
  /** `$wgDBprefix`. Defaults to the site's own. */
  prefix?: string;
  /** Defaults to `wikidb`. */
  database?: string;
  /** First part of the names of containers, volumes and accounts' files. Defaults to `blue`. */
  name?: string;
  /** Defaults to 2201, 2202, 2203 and 8081. */
  ports?: WorldPorts;
  /** `$wgServer`. Defaults to the gate's `http://127.0.0.1:8080`. */
  serverUrl?: string;
  progress?: Progress;
}

export type Settled = Required<Omit<WorldOptions, "fresh" | "progress">>;

const bounded = (what: string, value: number, low: number, high: number): number => {
  if (Number.isInteger(value) && value >= low && value <= high) return value;
  throw new WikiferryError(
    "WORLD_SIZE",
    `--${what} is ${value}`,
    `Give a whole number from ${low} to ${high}.`,
  );
};

/** The options with their defaults, each checked. @throws `WORLD_SIZE`, `WORLD_NAME` */
export function settle(options: WorldOptions): Settled {
  const site = siteOf(options.site ?? "bookworm");
  const settled = {
    site: site.suite,
    pages: bounded("pages", options.pages ?? 2000, 10, 20_000),
    files: bounded("files", options.files ?? 210, 10, 1500),
    seed: bounded("seed", options.seed ?? 1, 0, 2 ** 31),
    prefix: options.prefix ?? site.prefix,
    database: options.database ?? "wikidb",
    name: options.name ?? "blue",
    ports: options.ports ?? { webSsh: 2201, dbSsh: 2202, filesSsh: 2203, http: 8081 },
    serverUrl: options.serverUrl ?? "http://127.0.0.1:8080",
  };
  for (const [what, value, pattern] of [
    ["name", settled.name, /^[a-z][a-z0-9-]{0,30}$/],
    ["database", settled.database, /^[A-Za-z][A-Za-z0-9_-]{0,40}$/],
    ["prefix", settled.prefix, /^[a-z0-9_]{0,12}$/],
  ] as const)
    if (!pattern.test(value))
      throw new WikiferryError(
        "WORLD_NAME",
        `The old site's ${what} is "${value}"`,
        `Give one that matches ${pattern.source}.`,
      );
  return settled;
}

/** The network that both sides reach: "the internet" of the rehearsal. */
export const networkOf = (name: string): string =>
  name === "blue" ? "wikiferry-wan" : `wikiferry-wan-${name}`;

export const worldLabel = "wikiferry.world";

export const labelOf = (name: string): Record<string, string> => ({
  [worldLabel]: name,
  [rehearsalLabel]: rehearsalId(),
});

export const contentDir = join(__dirname, "content");
const sitesDir = join(__dirname, "sites");

/** Names the state right after creation. The same key means the same content and account names. */
export function pristineKey(settled: Settled, imageIds: string[]): string {
  const { ports: _ports, ...content } = settled;
  const hash = createHash("sha256").update(JSON.stringify([content, imageIds]));
  // The images' ids stand for what is built into them.
  const described = (name: string) => /\.ts$/.test(name) && !name.includes("/image/");
  for (const [folder, wanted] of [
    [contentDir, () => true],
    [sitesDir, described],
  ] as const)
    for (const name of filesIn(folder).filter(wanted))
      hash.update(name).update(readFileSync(join(folder, name)));
  return hash.digest("hex").slice(0, 12);
}
