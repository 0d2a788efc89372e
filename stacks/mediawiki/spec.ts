import { isIP } from "node:net";
import { WikiferryError } from "../../engine/errors";
import type { MoveSpec, Secrets, SshTarget } from "../../engine/move";
import { pick } from "../../engine/slice";
import { hostNamed, hostOrOnly } from "../common/config/hosts";
import { readKeyFile } from "../common/keyFile";
import type { MediaWikiConfig } from "./config";

/** The move that a config describes. Pure; without secrets. */
export function moveSpec(config: MediaWikiConfig): MoveSpec {
  const { wiki, green, gate, files, copy, verify, compare, cutover, tuning } = config;
  const dockerVia = dockerHost(config);
  const inContainer = (container: string) => ({ container, dockerVia });
  const onGreenHost = (port: number) => ({ host: "127.0.0.1", port, via: dockerVia });
  return {
    wiki: {
      name: config.name,
      database: wiki.database,
      tablePrefix: wiki.tablePrefix ?? "",
      appUser: wiki.appUser,
      serverUrl: wiki.serverUrl,
      apiPath: wiki.apiPath,
      uploadPath: wiki.uploadPath,
      hashedUploads: wiki.hashedUploads,
    },
    blue: blueSpec(config),
    green: {
      database: {
        side: "green",
        ...inContainer("green-mariadb"),
        admin: onGreenHost(green.database.publishPort),
        adminUser: "wikiferry",
        replication: { host: green.database.replicationHost, port: green.database.replicationPort },
        serverId: tuning.database.greenServerId,
      },
      databaseProxy: inContainer("green-mariadb-proxy"),
      mediawiki: {
        ...inContainer("green-mediawiki"),
        labelled: true,
        port: 8080,
      },
      jobs: inContainer("green-jobs"),
      redis: { cache: inContainer("green-redis-cache"), sessions: inContainer("green-redis-sessions") },
      fileSync: { ...inContainer("green-file-sync"), directory: "/srv/uploads" },
    },
    gate: {
      ...inContainer("green-gate"),
      admin: onGreenHost(tuning.gate.adminPort),
      http: onGreenHost(gate.httpPort),
    },
    files: { ...files, allowDelete: files.allowDelete ?? "" },
    copy,
    verify: { ...verify, ...tuning.verify },
    compare: { ...pick(compare, "addresses", "maxDifferent", "ignore"), account: compare.account ?? "" },
    cutover: { ...cutover, ...tuning.cutover },
  };
}

function blueSpec(config: MediaWikiConfig): MoveSpec["blue"] {
  const { web, database, files } = config.blue;
  const hosts = blueHosts(config);
  return {
    database: {
      side: "blue",
      admin: { host: database.sqlHost, port: database.sqlPort, via: hosts.database },
      adminUser: database.adminUser,
      replication: {
        host: database.replicationHost ?? hosts.database.host,
        port: database.replicationPort,
      },
      serverId: config.tuning.database.blueServerId,
      ssh: hosts.database,
      restart: database.restart,
      configDirectory: database.configDirectory,
    },
    web: {
      ssh: hosts.web,
      address: { host: web.address ?? hosts.web.host, port: web.httpPort ?? (web.tls ? 443 : 80) },
      ...blueTls(config),
      mediawikiDirectory: web.mediawikiDirectory,
      jobs: { stop: web.jobsStop, start: web.jobsStart },
      refreshCaches: web.refreshCaches,
    },
    files: {
      ssh: hosts.files,
      directory: files.directory,
      allowFrom: files.allowFrom ?? "",
      address: { host: files.address ?? hosts.files.host, port: files.sshPort ?? hosts.files.port },
    },
  };
}

type HostsConfig = Pick<MediaWikiConfig, "hosts"> & {
  blue: Record<"web" | "database" | "files", { host?: string }>;
  green: Pick<MediaWikiConfig["green"], "docker">;
};

/** Blue's hosts. @throws `CONFIG_MISSING_KEY`, `CONFIG_VALUE` where a key names none */
export function blueHosts({
  hosts,
  blue,
  green,
}: HostsConfig): Record<"web" | "database" | "files", SshTarget> {
  const host = (service: "web" | "database" | "files") =>
    hostOrOnly(hosts, `blue.${service}.host`, blue[service].host, green.docker.host);
  return { web: host("web"), database: host("database"), files: host("files") };
}

/**
 * The SSH host of green's Docker engine; undefined for the local engine. @throws `CONFIG_VALUE` where no host has that
 * name
 */
export function dockerHost({ hosts, green }: Pick<HostsConfig, "hosts" | "green">): SshTarget | undefined {
  const { host } = green.docker;
  return host === undefined ? undefined : hostNamed(hosts, "green.docker.host", host);
}

/** @throws `CONFIG_COMBINATION` where there is no name to check */
function blueTls({ blue, wiki }: MediaWikiConfig): Pick<MoveSpec["blue"]["web"], "tls"> {
  const { tls, tlsName, tlsCa: ca } = blue.web;
  if (!tls) return { tls: undefined };
  const name = tlsName ?? new URL(wiki.serverUrl).hostname;
  if (isIP(name.replace(/^\[|\]$/g, "")) !== 0) {
    throw new WikiferryError(
      "CONFIG_COMBINATION",
      `blue.web.tls is true, and the certificate would be checked for ${name}, which is not a DNS name`,
      "pulumi config set --path blue.web.tlsName NAME, a DNS name of blue's certificate",
    );
  }
  return { tls: { name, ...(ca ? { ca } : {}) } };
}

/**
 * The secrets of a config.
 * @param projectDirectory Base of a relative `ssh.privateKeyFile`.
 * @throws `CONFIG_VALUE` when the key file can't be read.
 */
export function secretsOf(config: MediaWikiConfig, projectDirectory: string): Secrets {
  return {
    sshPrivateKey: config.ssh.privateKey ?? readKeyFile(config.ssh.privateKeyFile, projectDirectory),
    blueAdminPassword: config.blue.database.adminPassword,
    appPassword: config.wiki.appPassword,
    wikiSecretKey: config.wiki.secretKey,
    ...(config.compare.password ? { comparePassword: config.compare.password } : {}),
    masterSecret: config.masterSecret,
  };
}
