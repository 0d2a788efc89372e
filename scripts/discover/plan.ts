import type { Inventory, Job, Json } from "../../engine/apps/mediawiki/inventory/types";
import type { SshTarget } from "../../engine/move";
import type { ConfigKey } from "../../stacks/common/config/keys";
import { keyNamed } from "../../stacks/common/config/keys";

/** What discover found on the hosts and was told. */
export interface Discovered {
  /** The stack's name. */
  stack: string;
  inventory: Inventory;
  /** By their names in the config: `web`, `database`, `files`, `new`. Two names never mean one host. */
  hosts: Record<string, SshTarget>;
  roles: { web: string; database: string; files: string; green: string | undefined };
  keyFile: string;
  /** The uploads on their host. */
  uploadsDirectory: string;
  database: {
    /** Address or socket's path as seen from its host. */
    sqlHost: string;
    sqlPort: number;
    adminUser: string;
    /** Whether systemd runs there. */
    systemd: boolean;
    configDirectory: string;
  };
  /** Whether systemd runs on the web host. */
  webSystemd: boolean;
  /** The new host as blue's database reaches it. */
  greenAddress: string;
  /** The IP address on the new host where it takes blue's connections; empty for none. */
  publishAddress: string;
}

export interface Entry {
  key: string;
  value: string | number | boolean;
}

/** The config's entries, in the order of the file: only keys that exist, only what differs from their defaults. Pure. */
export function entriesOf(found: Discovered, keys: readonly ConfigKey[]): Entry[] {
  const { inventory, hosts, roles, database } = found;
  const { mediawiki, uploads } = inventory;
  const site = inventory.webServer.sites[inventory.webServer.site];
  const { settings } = mediawiki;
  const server = serverUrl(inventory);
  const text = (name: string) => (typeof settings[name] === "string" ? (settings[name] as string) : "");
  const all: [string, string | number | boolean | undefined][] = [
    ["name", nameFor(found.stack)],
    ["ssh.privateKeyFile", found.keyFile],
    ...Object.entries(hosts).flatMap(([name, { host, port, user, hostKey }]): [string, string | number][] => [
      [`hosts.${name}.host`, host],
      [`hosts.${name}.port`, port],
      [`hosts.${name}.user`, user],
      [`hosts.${name}.hostKey`, hostKey],
    ]),
    ["wiki.database", inventory.database.name],
    ["wiki.tablePrefix", inventory.database.prefix],
    ["wiki.appUser", inventory.database.user],
    ["wiki.serverUrl", server],
    ["wiki.sitename", mediawiki.sitename],
    ["wiki.language", mediawiki.language],
    ["wiki.apiPath", `${mediawiki.scriptPath}/api.php`],
    ["wiki.uploadPath", uploads.path],
    ["wiki.hashedUploads", settings.wgHashedUploadDirectory !== false],
    ["wiki.authenticationTokenVersion", text("wgAuthenticationTokenVersion")],
    ["wiki.cookiePrefix", cookiePrefix(inventory, settings.wgCookiePrefix)],
    ["wiki.sessionName", text("wgSessionName")],
    ["blue.web.host", roles.web],
    ["blue.web.tls", site?.tls === true && server.startsWith("https:")],
    ["blue.web.mediawikiDirectory", mediawiki.directory],
    ["blue.web.jobsStop", jobCommand("stop", inventory.jobs, found.webSystemd)],
    ["blue.web.jobsStart", jobCommand("start", inventory.jobs, found.webSystemd)],
    ["blue.web.refreshCaches", refreshCommand(inventory, found.webSystemd)],
    ["blue.database.host", roles.database],
    ["blue.database.sqlHost", database.sqlHost],
    ["blue.database.sqlPort", database.sqlPort],
    ["blue.database.adminUser", database.adminUser],
    [
      "blue.database.restart",
      `${database.systemd ? "systemctl restart mariadb" : "service mariadb restart"}`,
    ],
    ["blue.database.configDirectory", database.configDirectory],
    ["blue.files.host", roles.files],
    ["blue.files.directory", found.uploadsDirectory],
    ["green.docker.host", roles.green],
    ["green.database.replicationHost", found.greenAddress],
    ["green.database.publishAddress", found.publishAddress],
  ];
  return all.flatMap(([key, value]) => {
    const known = keyNamed(keys, key);
    if (!known || value === undefined || value === "" || value === known.default) return [];
    return [{ key, value }];
  });
}

/** The address that people use: `$wgCanonicalServer`, since `$wgServer` may have no protocol or follow the request. */
export function serverUrl({ mediawiki, webServer }: Inventory): string {
  const site = webServer.sites[webServer.site];
  const given = mediawiki.server.startsWith("//")
    ? `${site?.tls ? "https" : "http"}:${mediawiki.server}`
    : mediawiki.server;
  return (given || mediawiki.canonicalServer).replace(/\/+$/, "");
}

/** MediaWiki makes it of the database's name and the prefix, unless it is set. */
function cookiePrefix({ database }: Inventory, value: Json | undefined): string {
  const standard = database.prefix === "" ? database.name : `${database.name}_${database.prefix}`;
  return typeof value === "string" && value !== standard ? value : "";
}

/** Stops or starts what runs jobs: cron where a crontab does, and each active service and timer. */
function jobCommand(action: "stop" | "start", jobs: readonly Job[], systemd: boolean): string {
  const active = jobs.filter((job) => job.active);
  const cron = active.some(({ kind }) => kind === "cron") ? ["cron"] : [];
  const units = active
    .filter(({ kind }) => kind === "service" || kind === "timer")
    .map(({ source }) => source);
  const names = [...cron, ...units];
  if (names.length === 0) return "true";
  return systemd
    ? `systemctl ${action} ${names.join(" ")}`
    : names.map((name) => `service ${name} ${action}`).join("; ");
}

/** Restarts what runs PHP. */
function refreshCommand({ php, webServer }: Inventory, systemd: boolean): string {
  const minor = php.version.split(".").slice(0, 2).join(".");
  const debian = php.fpm?.file.startsWith("/etc/php/") ?? false;
  const service = php.fpm
    ? debian
      ? `php${minor}-fpm`
      : "php-fpm"
    : webServer.mainFile.startsWith("/etc/httpd")
      ? "httpd"
      : "apache2";
  return systemd ? `systemctl restart ${service}` : `service ${service} restart`;
}

/** A stack's name as the config's `name` allows it. */
export function nameFor(stack: string): string {
  const plain = stack
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, "-")
    .replace(/^[^a-z]+/, "");
  return plain.slice(0, 31) || "wiki";
}
