import { randomBytes } from "node:crypto";
import { WikiferryError } from "../../../errors";
import type { SshConnection } from "../../../runtime/ssh/connection";
import {
  answerIn,
  deathIn,
  type FailedInclude,
  failedIncludes,
  type SettingsAnswer,
  secretsIn,
  type WikiSecrets,
} from "./answer";
import { bestSite, chooseWiki, type Place, placesIn, sitesServing } from "./choose";
import {
  backendsOf,
  componentsOf,
  countIn,
  databaseFacts,
  linksIn,
  linksOut,
  mailFacts,
  mountOf,
  textOf,
} from "./facts";
import { findingsOf } from "./findings";
import { hostScript } from "./hostScript";
import { cronJobs, type Process, processesIn, processJobs, unitJobs } from "./jobs";
import type { ParsedServer, ParsedSite } from "./parsedServer";
import { commandLinePhp, parsePhp, phpFacts, poolAt, poolsIn, versionNamed } from "./phpFacts";
import { placesScript, type SettingsRun, settingsScript, sizesScript } from "./scripts";
import { filesUnder, linesOf, partNamed, partsOf } from "./sections";
import { serverBefore, serversIn, webServerFacts } from "./server";
import type { CodeFacts, HostFacts, Inventory, Job, UploadFacts } from "./types";

export interface InventoryOptions {
  /** MediaWiki's directory. Defaults to the only wiki that the web server serves. */
  directory?: string;
  /** Which wiki of a family: the value of `--wiki`. */
  wiki?: string;
  /** Salt of the fingerprints of secrets. Defaults to a random one. */
  salt?: string;
}

/** An inventory, and secrets that are no part of it. */
export interface Blue {
  inventory: Inventory;
  /** `$wgDBpassword` and `$wgSecretKey`; undefined where they were not asked for. */
  secrets: WikiSecrets | undefined;
}

type Parts = ReturnType<typeof partsOf>;

/**
 * Reads what runs on a wiki's web host, in four scripts. Changes nothing there. Takes up to 20 s.
 * @throws `INVENTORY_NO_PHP`, `INVENTORY_NO_WIKI`, `INVENTORY_SEVERAL_WIKIS`, `INVENTORY_SETTINGS`,
 * `INVENTORY_FAMILY`, `HOST_COMMAND`
 */
export async function readInventory(ssh: SshConnection, options: InventoryOptions = {}): Promise<Inventory> {
  return (await read(ssh, options, false)).inventory;
}

/** As `readInventory`, with the secrets that the move needs. For the stack's encrypted config alone. */
export function readBlue(ssh: SshConnection, options: InventoryOptions = {}): Promise<Blue> {
  return read(ssh, options, true);
}

async function read(ssh: SshConnection, options: InventoryOptions, secrets: boolean): Promise<Blue> {
  const host = await runScript(ssh, hostScript);
  const processes = processesIn(partNamed(host, "processes"));
  const servers = serversIn(host, processes);
  const { place, others } = await findPlace(ssh, host, servers, options.directory ?? "");
  const php = phpOf(host, servers, place, ssh.target.host);
  const run: SettingsRun = {
    directory: place.directory,
    user: php.user,
    php: php.command,
    environment: php.environment,
    host: php.site?.name ?? "",
    tls: php.site?.tls ?? false,
    wiki: options.wiki ?? "",
    salt: options.salt ?? randomBytes(12).toString("hex"),
  };
  const roots = [...(php.site?.roots ?? []), place.directory, place.realDirectory];
  const logs = servers
    .flatMap(({ sites }) => sites)
    .flatMap(({ accessLogs }) => accessLogs.map(({ path }) => path));
  const answers = await runScript(
    ssh,
    settingsScript(run, { ini: php.ini, fpm: php.fpm, roots, logs: [...new Set(logs)], secrets }),
  );
  const bareText = partNamed(answers, "bare");
  const bare = answerIn(bareText);
  const settingsText = partNamed(answers, "settings");
  const answer = answerIn(settingsText) ?? bare;
  if (!answer) throw settingsRefused(settingsText, bareText, place, ssh.target.host, run.wiki);

  const { settings } = answer;
  const server = textOf(settings.wgServer);
  const site = bestSite(php.candidates, server) ?? php.site;
  const owner = servers.find(({ sites }) => site !== undefined && sites.includes(site)) ?? php.server;
  const uploadsDirectory = textOf(settings.wgUploadDirectory);
  const sizes = await runScript(ssh, sizesScript(uploadsDirectory, place.directory, place.realDirectory));
  const web = parsePhp(partNamed(answers, "php-web"));
  const facts = phpFacts(
    php.sapi,
    web,
    parsePhp(partNamed(answers, "php-cli")),
    parsePhp(partNamed(answers, "php-plain")),
    site,
    php.pool,
  );
  const [uid = "0", gid = "0", group = ""] = linesOf(partNamed(answers, "user"));
  const inventory: Omit<Inventory, "findings"> = {
    readAt: new Date().toISOString(),
    host: hostFacts(host),
    mediawiki: {
      version: answer.version,
      directory: place.directory,
      realDirectory: answer.realDirectory,
      settingsFile: answer.settingsFile,
      scriptPath: textOf(settings.wgScriptPath),
      articlePath: textOf(settings.wgArticlePath),
      server,
      canonicalServer: textOf(settings.wgCanonicalServer),
      serverIsComputed: bare === undefined || bare.settings.wgServer !== settings.wgServer,
      sitename: textOf(settings.wgSitename),
      language: textOf(settings.wgLanguageCode),
      anonymousRead: answer.anonymousRead,
      filesByScript: /\.php(\/|$)/.test(textOf(settings.wgUploadPath)),
      extensions: componentsOf(answer, false),
      skins: componentsOf(answer, true),
      composer: answer.composer,
      settings,
      code: codeFactsOf(sizes, place, answer),
      others: others.map(({ directory, version }) => ({ directory, version })),
    },
    php: facts,
    webServer: webServerFacts(
      owner,
      site,
      { name: php.user, uid: Number(uid), group, gid: Number(gid) },
      answers,
    ),
    database: databaseFacts(answer),
    uploads: uploadFactsOf(sizes, answer),
    includedFiles: answer.includedFiles,
    programs: answer.programs,
    fonts: fontsIn(partNamed(host, "fonts")),
    jobs: jobsIn(host, processes),
    mail: mailFacts(settings, web, facts.limits.sendmail_path ?? ""),
  };
  const findings = findingsOf(inventory, {
    failedIncludes: unique([
      ...answer.unreadableIncludes.map((include) => ({ ...include, unreadable: true })),
      ...failedIncludes(settingsText),
    ]),
    bare,
    bareDeath: bare ? "" : deathIn(bareText),
    databaseError: answer.database.error,
    webServerRefused: owner?.refused ?? "",
    siteFound: site !== undefined,
    before: serverBefore(servers, owner, processes),
    sapiFound: php.sapi !== "cli",
  });
  return { inventory: { ...inventory, findings }, secrets: secretsIn(partNamed(answers, "secrets")) };
}

async function runScript(ssh: SshConnection, script: string): Promise<Parts> {
  const { stdout, stderr, exitCode } = await ssh.exec("sh", script);
  const parts = partsOf(stdout);
  if (parts.length > 0) return parts;
  throw new WikiferryError(
    "HOST_COMMAND",
    `sh on ${ssh.target.host} ended with exit code ${exitCode} and no answer: ${stderr.trim().slice(-300)}`,
    "Log in there by hand and see that the account has a shell",
  );
}

async function findPlace(
  ssh: SshConnection,
  host: Parts,
  servers: readonly ParsedServer[],
  wanted: string,
): Promise<{ place: Place; others: Place[] }> {
  const roots = servers.flatMap(({ sites }) => sites).flatMap((site) => site.roots);
  const known = [wanted, ...linesOf(partNamed(host, "candidates"))].filter((it) => it !== "");
  const parts = await runScript(ssh, placesScript([...new Set(roots)], known));
  const places = placesIn(partNamed(parts, "places"));
  const place = chooseWiki(places, servers, wanted, ssh.target.host);
  return { place, others: places.filter((it) => it !== place) };
}

/** How the web server runs PHP for a place. @throws `INVENTORY_NO_PHP` */
function phpOf(host: Parts, servers: readonly ParsedServer[], place: Place, name: string) {
  const candidates = sitesServing(place, servers);
  const serverOf = (site: ParsedSite) => servers.find(({ sites }) => sites.includes(site));
  const runsPhp = (site: ParsedSite) => site.fastCgi.length > 0 || serverOf(site)?.phpModule !== undefined;
  const able = candidates.filter(runsPhp);
  const site = able.find(({ tls }) => tls) ?? able[0] ?? candidates[0];
  const server = site ? serverOf(site) : servers[0];
  const pools = poolsIn(filesUnder(host, "pool:"));
  const found = poolAt(pools, site?.fastCgi ?? []);
  const byFastCgi = (site?.fastCgi.length ?? 0) > 0;
  const version = byFastCgi
    ? versionNamed(found?.file ?? "", ...(site?.fastCgi ?? []))
    : (server?.phpModule ?? "");
  const programs = linesOf(partNamed(host, "php"));
  const commandLine = programs.filter((path) => !path.includes("php-fpm"));
  const command = commandLinePhp(commandLine, version);
  if (command === "")
    throw new WikiferryError(
      "INVENTORY_NO_PHP",
      `${name} has no PHP on the command line, and MediaWiki's settings can't be asked without it`,
      "Install it there in the web server's version, such as `apt install php8.2-cli`; it changes nothing about the site",
    );
  const sapi = byFastCgi ? "fpm-fcgi" : server?.phpModule !== undefined ? "apache2handler" : "cli";
  const folders = linesOf(partNamed(host, "php-directories"));
  const ini = folders.find((it) => it === `/etc/php/${version}/${byFastCgi ? "fpm" : "apache2"}`);
  const fpm = byFastCgi
    ? programs.find((path) => path.endsWith(`/php-fpm${version}`) || path.endsWith("/php-fpm"))
    : undefined;
  const { environment: ofPool = {}, ...pool } = found ?? {};
  return {
    candidates: able.length > 0 ? able : candidates,
    site,
    server,
    sapi,
    command,
    ini: sapi === "cli" ? "" : (ini ?? ""),
    fpm: fpm ?? "",
    pool: found ? (pool as Omit<typeof found, "environment">) : undefined,
    user: found?.user ?? server?.user ?? "",
    environment: { ...ofPool, ...variablesOf(site) },
  };
}

/** What a site gives to PHP of its own, not of each request. */
function variablesOf(site: ParsedSite | undefined): Record<string, string> {
  const ofRequests =
    /^(SCRIPT_|REQUEST_|SERVER_|REMOTE_|CONTENT_|DOCUMENT_|QUERY_|PATH_|GATEWAY_|HTTP|PHP_|REDIRECT_|HTTPS$)/;
  return Object.fromEntries(
    Object.entries(site?.environment ?? {}).filter(
      ([name, value]) => !ofRequests.test(name) && !value.includes("$"),
    ),
  );
}

function settingsRefused(
  named: string,
  bare: string,
  place: Place,
  host: string,
  wiki: string,
): WikiferryError {
  const why = deathIn(named);
  const family = /--wiki|SERVER_NAME|HTTP_HOST|no such wiki|wiki (?:not found|does not exist)/i.test(
    `${named}\n${bare}`,
  );
  if (family)
    return new WikiferryError(
      "INVENTORY_FAMILY",
      `LocalSettings.php in ${place.directory} on ${host} serves several wikis and does not know which one is meant${wiki ? ` by "${wiki}"` : ""} (${why})`,
      "Set blue.web.wikiId to the value that --wiki takes for the wiki to move, or give it by --wiki. Each wiki is a move of its own",
    );
  return new WikiferryError(
    "INVENTORY_SETTINGS",
    `MediaWiki in ${place.directory} on ${host} can't load its settings on the command line (${why})`,
    "Run `php maintenance/eval.php` there as the web server's account, and mend what it reports",
  );
}

function hostFacts(host: Parts): HostFacts {
  const [name = "", architecture = "", user = ""] = linesOf(partNamed(host, "system"));
  const [os = "", release = ""] = linesOf(partNamed(host, "release"));
  return {
    name,
    os,
    release,
    architecture,
    timezone: (linesOf(partNamed(host, "timezone"))[0] ?? "").replace(/^.*zoneinfo\//, ""),
    user,
  };
}

function uploadFactsOf(sizes: Parts, { settings, database }: SettingsAnswer): UploadFacts {
  const [realDirectory = "", owner = ""] = partNamed(sizes, "uploads-directory").split("\n");
  return {
    directory: textOf(settings.wgUploadDirectory),
    realDirectory: owner === "" ? "" : realDirectory,
    path: textOf(settings.wgUploadPath),
    enabled: settings.wgEnableUploads === true,
    ...countIn(partNamed(sizes, "uploads-count")),
    recorded: database.recorded,
    owner,
    mount: mountOf(realDirectory, partNamed(sizes, "mounts")),
    links: linksIn(partNamed(sizes, "uploads-links")),
    backends: backendsOf(settings),
  };
}

function codeFactsOf(sizes: Parts, place: Place, { realDirectory }: SettingsAnswer): CodeFacts {
  const inside = [place.directory, place.realDirectory, realDirectory];
  return {
    ...countIn(partNamed(sizes, "code-count")),
    linksOut: linksOut(linksIn(partNamed(sizes, "code-links")), inside),
  };
}

const fontsIn = (text: string) =>
  [...new Set(linesOf(text).map((line) => line.split(",")[0] ?? line))].sort();

function jobsIn(host: Parts, processes: readonly Process[]): Job[] {
  const states = new Map(filesUnder(host, "unit-state:").map(({ file, text }) => [file, text]));
  const known = [...cronJobs(filesUnder(host, "cron:")), ...unitJobs(filesUnder(host, "unit:"), states)];
  return [...known, ...processJobs(processes, known)];
}

const unique = (includes: FailedInclude[]) => [
  ...new Map(includes.map((include) => [include.path, include])).values(),
];
