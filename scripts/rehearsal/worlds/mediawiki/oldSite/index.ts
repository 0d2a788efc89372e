import { existsSync, rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { WikiferryError } from "../../../../../engine/errors";
import { docker, ifThere, sh } from "../../../../common/docker";
import { rehearsalId } from "../../../../common/rehearsalId";
import { oldSiteService } from "../../../../setup/imageFolders";
import { imageRef } from "../../../../setup/images";
import { own, removeOwn, thingsOn } from "../../../core/things";
import { fillWiki, installWiki, writeSettings } from "./create";
import {
  containerOf,
  createVolumes,
  databaseVolume,
  ensureNetwork,
  type HostRole,
  readHosts,
  roles,
  startHosts,
  uploadsVolume,
  type WorldHost,
} from "./hosts";
import { networkOf, pristineKey, type Settled, settle, type WorldOptions } from "./options";
import { keep, kept, restore } from "./pristine";
import { proveSite } from "./prove";
import { refuseForeignWorld, worldScope } from "./scope";
import {
  type Account,
  makeSecrets,
  operatorKey,
  readJson,
  type WorldSecrets,
  worldFile,
  writePrivate,
} from "./secrets";
import { sharedSettings } from "./sites/bookworm";
import { sites } from "./sites/index";
import { editorRights } from "./sites/site";

export type { WorldHost } from "./hosts";
export type { WorldOptions, WorldPorts } from "./options";
export type { Account } from "./secrets";

/** The old site: three hosts that run a wiki, and what its owner knows about them. */
export interface World {
  name: string;
  options: Settled;
  network: string;
  hosts: Record<HostRole, WorldHost>;
  /** Path of the operator's private key. */
  operatorKeyFile: string;
  /** The web server's own address, without the gate. */
  wikiUrl: string;
  secrets: WorldSecrets;
  editors: Account[];
  reader: Account;
  /** What green's settings must repeat. */
  wiki: {
    sitename: string;
    metaNamespace: string;
    serverUrl: string;
    language: string;
    /** `$wgScriptPath`, `$wgArticlePath` */
    scriptPath: string;
    articlePath: string;
    mainPage: string;
    /** Only accounts may read. */
    private: boolean;
    /** MediaWiki's directory on the web host. */
    directory: string;
    authenticationTokenVersion: string;
    uploadPath: string;
    /** PHP text. */
    extraSettings: string;
  };
}

interface WorldRecord {
  key: string;
  options: Settled;
}

const recordFile = (name: string) => worldFile(name, "world.json");
const secretsFile = (name: string) => worldFile(name, "secrets.json");

const worldImages = ({ site }: Settled): Record<HostRole, string> => ({
  web: imageRef(oldSiteService(site, "web")),
  db: imageRef(oldSiteService(site, "db")),
  files: imageRef(oldSiteService(site, "files")),
});

async function running(name: string): Promise<boolean> {
  const states = await Promise.all(
    roles.map((role) => ifThere(docker.getContainer(containerOf(name, role)).inspect())),
  );
  return states.every((state) => state?.State.Running);
}

/** Waits until the wiki's API answers. The first answer fills its caches. */
async function answers(world: Settled): Promise<void> {
  const { scriptPath } = sites[world.site];
  const url = `http://127.0.0.1:${world.ports.http}${scriptPath}/api.php?action=query&meta=siteinfo&format=json`;
  const until = Date.now() + 60_000;
  let problem = "";
  while (Date.now() < until) {
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(20_000) });
      const text = await response.text();
      if (response.ok && /"generator"|"readapidenied"/.test(text)) return;
      problem = `${response.status} ${text.slice(0, 200)}`;
    } catch (error) {
      problem = String((error as Error).cause ?? error);
    }
    await sleep(300);
  }
  throw new WikiferryError(
    "WORLD_SILENT",
    `The old site's wiki does not answer at ${url}: ${problem}`,
    "See `docker logs` of its web container, then run `npm run world -- reset`.",
  );
}

/** The hosts and their data, and with `copies` the kept states. @throws `WORLD_NOT_OURS` */
async function removeData(name: string, copies = false): Promise<void> {
  const data = [databaseVolume(name), uploadsVolume(name)];
  await removeOwn(
    docker,
    worldScope(name),
    rehearsalId(),
    (thing) =>
      thing.kind === "container" || (thing.kind === "volume" && (copies || data.includes(thing.name))),
  );
}

async function describe(settled: Settled, secrets: WorldSecrets): Promise<World> {
  const site = sites[settled.site];
  return {
    name: settled.name,
    options: settled,
    network: networkOf(settled.name),
    hosts: await readHosts(settled),
    operatorKeyFile: await operatorKey(settled.name),
    wikiUrl: `http://127.0.0.1:${settled.ports.http}`,
    secrets,
    editors: secrets.editors,
    reader: secrets.reader,
    wiki: {
      sitename: site.sitename,
      metaNamespace: site.metaNamespace,
      serverUrl: settled.serverUrl,
      language: site.language,
      scriptPath: site.scriptPath,
      articlePath: site.articlePath,
      mainPage: site.mainPage,
      private: site.private,
      directory: site.directories.mediawiki,
      authenticationTokenVersion: "1",
      uploadPath: site.uploadPath,
      extraSettings: site.suite === "bookworm" ? sharedSettings : editorRights,
    },
  };
}

/**
 * The old site, running. One that already runs and was created with the same options is used as it is, unless `fresh`.
 * Otherwise it is restored from the state kept after its creation, or created.
 * @throws `WORLD_NOT_OURS`
 */
export async function ensureWorld(options: WorldOptions = {}): Promise<World> {
  const settled = settle(options);
  const progress = options.progress ?? (() => {});
  const { name } = settled;
  await refuseForeignWorld(name);
  const images = worldImages(settled);
  const ids = await Promise.all(
    roles.map(async (role) => (await docker.getImage(images[role]).inspect()).Id),
  );
  const key = pristineKey(settled, ids);

  const record = readJson<WorldRecord>(recordFile(name));
  const secretsThere = readJson<WorldSecrets>(secretsFile(name));
  if (!options.fresh && record?.key === key && secretsThere && (await running(name))) {
    await answers(settled);
    return describe(settled, secretsThere);
  }

  await removeData(name);
  rmSync(recordFile(name), { force: true });
  await ensureNetwork(name);
  let secrets = await kept(name, key);
  if (secrets) {
    progress("restoring the old site as it was after its creation");
    writePrivate(secretsFile(name), `${JSON.stringify(secrets, null, 2)}\n`);
    await restore(name, key, images.files);
    await startHosts(settled, images);
    await writeSettings(settled, secrets);
  } else {
    secrets = makeSecrets();
    writePrivate(secretsFile(name), `${JSON.stringify(secrets, null, 2)}\n`);
    progress("three hosts");
    await createVolumes(name);
    await startHosts(settled, images);
    progress("installing MediaWiki");
    await installWiki(settled, secrets);
    await fillWiki(settled, secrets, progress);
    progress("keeping a copy for the next run");
    const db = containerOf(name, "db");
    await sh(db, "service mariadb stop >/dev/null");
    await keep(name, key, images.files, secrets);
    await sh(db, "service mariadb start >/dev/null");
  }
  await answers(settled);
  await proveSite(sites[settled.site], `http://127.0.0.1:${settled.ports.http}`, settled.serverUrl, secrets);
  writePrivate(recordFile(name), `${JSON.stringify({ key, options: settled }, null, 2)}\n`);
  return describe(settled, secrets);
}

/** The old site as it was right after its creation. */
export const resetWorld = (options: WorldOptions = {}): Promise<World> =>
  ensureWorld({ ...options, fresh: true });

/**
 * Removes the hosts, their data, the network, and with `copies` (the default) the kept states and the secrets.
 * @throws `WORLD_NOT_OURS` where another checkout's exist; then nothing is removed
 */
export async function removeWorld({ name = "blue", copies = true } = {}): Promise<void> {
  await removeData(name, copies);
  rmSync(recordFile(name), { force: true });
  if (copies) rmSync(worldFile(name), { recursive: true, force: true });
  const left = own(await thingsOn(docker), worldScope(name), rehearsalId());
  for (const network of left.filter(({ kind }) => kind === "network")) {
    const state = await ifThere(docker.getNetwork(network.id).inspect());
    // Green's containers may still be on it. Whoever removes those removes the network.
    if (state && Object.keys(state.Containers ?? {}).length === 0)
      await ifThere(docker.getNetwork(network.id).remove());
  }
}

export interface WorldStatus {
  name: string;
  /** Creates it, with a record of its options. */
  made: boolean;
  hosts: { container: string; state: string }[];
  wikiUrl?: string;
  options?: Settled;
}

/** What exists of the old site. Starts and changes nothing. */
export async function worldStatus({ name = "blue" } = {}): Promise<WorldStatus> {
  const record = existsSync(recordFile(name)) ? readJson<WorldRecord>(recordFile(name)) : undefined;
  const hosts = await Promise.all(
    roles.map(async (role) => {
      const container = containerOf(name, role);
      const state = await ifThere(docker.getContainer(container).inspect());
      return { container, state: state?.State.Status ?? "missing" };
    }),
  );
  return {
    name,
    made: record !== undefined,
    hosts,
    wikiUrl: record && `http://127.0.0.1:${record.options.ports.http}`,
    options: record?.options,
  };
}
