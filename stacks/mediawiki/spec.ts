import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { isAbsolute, join } from "node:path";
import { messageOf, WikiferryError } from "../../engine/errors";
import type { MoveSpec, Secrets, SshTarget } from "../../engine/move";
import type { MediaWikiConfig } from "./config";

/** The move that a config describes. Pure; secrets are left out. */
export function moveSpec(config: MediaWikiConfig): MoveSpec {
  const dockerVia = dockerHost(config);
  const inContainer = (container: string) => ({ container, dockerVia });
  const onGreenHost = (port: number) => ({ host: "127.0.0.1", port, via: dockerVia });
  const blueDatabase = sshTarget(config, "database");
  return {
    wiki: {
      name: config["wiki.name"],
      database: config["wiki.database"],
      tablePrefix: config["wiki.tablePrefix"],
      appUser: config["wiki.appUser"],
      serverUrl: config["wiki.serverUrl"],
      apiPath: config["wiki.apiPath"],
      uploadPath: config["wiki.uploadPath"],
      hashedUploads: config["wiki.hashedUploads"],
    },
    blue: {
      database: {
        side: "blue",
        admin: {
          host: config["blue.database.sqlHost"],
          port: config["blue.database.sqlPort"],
          via: blueDatabase,
        },
        adminUser: config["blue.database.adminUser"],
        replication: {
          host: config["blue.database.replicationHost"] || config["blue.database.host"],
          port: config["blue.database.replicationPort"],
        },
        serverId: config["blue.database.serverId"],
        ssh: blueDatabase,
        restart: config["blue.database.restart"],
        configDirectory: config["blue.database.configDirectory"],
      },
      web: {
        ssh: sshTarget(config, "web"),
        address: {
          host: config["blue.web.address"] || config["blue.web.host"],
          port: config["blue.web.httpPort"] || (config["blue.web.tls"] ? 443 : 80),
        },
        ...blueTls(config),
        mediawikiDirectory: config["blue.web.mediawikiDirectory"],
        jobs: { stop: config["blue.web.jobsStop"], start: config["blue.web.jobsStart"] },
        refreshCaches: config["blue.web.refreshCaches"],
      },
      files: {
        ssh: sshTarget(config, "files"),
        directory: config["blue.files.directory"],
        allowFrom: config["blue.files.allowFrom"],
        address: {
          host: config["blue.files.address"] || config["blue.files.host"],
          port: config["blue.files.sshPort"] || config["blue.files.port"],
        },
      },
    },
    green: {
      database: {
        side: "green",
        ...inContainer("green-mariadb"),
        admin: onGreenHost(config["green.database.publishPort"]),
        adminUser: "wikiferry",
        replication: {
          host: config["green.database.replicationHost"],
          port: config["green.database.replicationPort"],
        },
        serverId: config["green.database.serverId"],
      },
      databaseProxy: inContainer("green-mariadb-proxy"),
      mediawiki: {
        ...inContainer("green-mediawiki"),
        labelled: true,
        port: 8080,
      },
      jobs: inContainer("green-jobs"),
      redis: { cache: inContainer("green-redis-cache"), sessions: inContainer("green-redis-sessions") },
      courier: { ...inContainer("green-courier"), directory: "/srv/uploads" },
    },
    gate: {
      ...inContainer("green-gate"),
      admin: onGreenHost(config["gate.adminPort"]),
      http: onGreenHost(config["gate.httpPort"]),
    },
    files: {
      maxDelete: config["files.maxDelete"],
      allowDelete: config["files.allowDelete"],
      allowLost: config["files.allowLost"],
      keepDays: config["files.keepDays"],
    },
    copy: {
      method: config["copy.method"],
      maxBytesPerSecond: config["copy.maxBytesPerSecond"],
    },
    verify: {
      sessions: config["verify.sessions"],
      repair: config["verify.repair"],
      pauseMs: config["verify.pauseMs"],
    },
    cutover: {
      maxLagMs: config["cutover.maxLagMs"],
      lagStableMs: config["cutover.lagStableMs"],
      lagWaitMs: config["cutover.lagWaitMs"],
      drainMs: config["cutover.drainMs"],
      catchUpMs: config["cutover.catchUpMs"],
      attemptMs: config["cutover.attemptMs"],
      longTransactionMs: config["cutover.longTransactionMs"],
      verificationMaxAgeMs: config["cutover.verificationMaxAgeMs"],
    },
  };
}

/** @throws `CONFIG_COMBINATION` where there is no name to check */
function blueTls(config: MediaWikiConfig): Pick<MoveSpec["blue"]["web"], "tls"> {
  if (!config["blue.web.tls"]) return { tls: undefined };
  const name = config["blue.web.tlsName"] || new URL(config["wiki.serverUrl"]).hostname;
  if (isIP(name.replace(/^\[|\]$/g, "")) !== 0) {
    throw new WikiferryError(
      "CONFIG_COMBINATION",
      `blue.web.tls is true, and the certificate would be checked for ${name}, which is no DNS name`,
      "pulumi config set --path blue.web.tlsName NAME, a DNS name of blue's certificate",
    );
  }
  const ca = config["blue.web.tlsCa"];
  return { tls: { name, ...(ca ? { ca } : {}) } };
}

/**
 * The secrets of a config.
 *
 * @param projectDirectory Where a relative `ssh.privateKeyFile` is looked for.
 * @throws `CONFIG_VALUE` when the key file can't be read.
 */
export function secretsOf(config: MediaWikiConfig, projectDirectory: string): Secrets {
  return {
    sshPrivateKey: config["ssh.privateKey"] || readKeyFile(config["ssh.privateKeyFile"], projectDirectory),
    blueAdminPassword: config["blue.database.adminPassword"],
    appPassword: config["wiki.appPassword"],
    wikiSecretKey: config["wiki.secretKey"],
    masterSecret: config.masterSecret,
  };
}

function readKeyFile(file: string, projectDirectory: string): string {
  if (file === "") {
    throw new WikiferryError(
      "CONFIG_MISSING_KEY",
      "neither ssh.privateKeyFile nor ssh.privateKey is set",
      "pulumi config set --path ssh.privateKeyFile FILE",
    );
  }
  try {
    return readFileSync(isAbsolute(file) ? file : join(projectDirectory, file), "utf8");
  } catch (error) {
    throw new WikiferryError(
      "CONFIG_VALUE",
      `ssh.privateKeyFile is ${JSON.stringify(file)}, which can't be read (${messageOf(error)})`,
      "pulumi config set --path ssh.privateKeyFile FILE",
    );
  }
}

function sshTarget(config: MediaWikiConfig, host: "web" | "database" | "files"): SshTarget {
  return {
    host: config[`blue.${host}.host`],
    port: config[`blue.${host}.port`],
    user: config[`blue.${host}.user`],
    hostKey: config[`blue.${host}.hostKey`],
  };
}

/** The SSH host of green's Docker engine; none is the local engine. @throws `CONFIG_MISSING_KEY` without its host key */
export function dockerHost(config: MediaWikiConfig): SshTarget | undefined {
  const match = /^ssh:\/\/([^@]+)@([^:]+)(?::(\d+))?$/.exec(config["green.docker.host"]);
  if (!match) return undefined;
  if (config["green.docker.hostKey"] === "") {
    throw new WikiferryError(
      "CONFIG_MISSING_KEY",
      `green.docker.hostKey is not set, and green.docker.host is ${config["green.docker.host"]}: whoever stands between could pass for it`,
      `Compare what \`ssh-keyscan -t ed25519 ${match[2]}\` prints with what the host itself shows, then: pulumi config set --path green.docker.hostKey 'ssh-ed25519 AAAA…'`,
    );
  }
  return {
    user: match[1] as string,
    host: match[2] as string,
    port: Number(match[3] ?? 22),
    hostKey: config["green.docker.hostKey"],
  };
}
