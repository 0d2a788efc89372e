import * as pulumi from "@pulumi/pulumi";
import { CloudflareEdge } from "../../components/edge/cloudflare";
import { cloudflareAddresses } from "../../components/edge/cloudflareAddresses";
import { BlueEnvironment } from "../../components/environment/blue";
import { GreenEnvironment } from "../../components/environment/green";
import { FileSync } from "../../components/fileSync";
import { Gate } from "../../components/gate";
import { Mariadb } from "../../components/mariadb";
import { MediaWiki } from "../../components/mediawiki";
import { Migration } from "../../components/migration";
import { Certificate, WikiAccount } from "../../components/migration/resources";
import { DatabaseProxy } from "../../components/proxy";
import { Redis } from "../../components/redis";
import type { MoveSpec, Secrets } from "../../engine/move";
import { deriveSecret } from "../../engine/secrets";
import type { Ladder } from "../common/phase";
import type { MediaWikiConfig } from "./config";
import { cloudflareOf } from "./edge";
import { extraSettings, fingerprints } from "./fingerprints";
import { labelRehearsal } from "./rehearsal";
import { dockerHost } from "./spec";

/** A MediaWiki moves from hosts reached by SSH to containers on Docker. */
export function mediaWikiStack(config: MediaWikiConfig, spec: MoveSpec, secrets: Secrets, ladder: Ladder) {
  labelRehearsal(config);
  const cloudflare = cloudflareOf(config.edge);
  const derived = (purpose: Parameters<typeof deriveSecret>[1]) =>
    pulumi.secret(deriveSecret(secrets.masterSecret, purpose));
  const bases = config.green.images;
  const marks = fingerprints(config, secrets, bases, extraSettings(config.wiki.settingsFile));

  const blue = new BlueEnvironment("blue", { spec, sshPrivateKey: pulumi.secret(secrets.sshPrivateKey) });
  const environment = new GreenEnvironment("green", {
    spec,
    secrets,
    subnet: config.green.subnet,
    dockerHost: dockerHost(config),
    identityFile: config.ssh.privateKeyFile,
    attachedNetwork: config.green.network,
  });
  const certificate = new Certificate("green-certificate", { spec });
  const database = new Mariadb("green-mariadb", {
    environment,
    bases,
    fingerprint: marks["green-mariadb"],
    settings: {
      bufferPoolSize: config.green.database.bufferPoolSize,
      redoLogSize: config.green.database.redoLogSize,
      maxConnections: config.tuning.database.maxConnections,
      longQuerySeconds: config.tuning.database.longQuerySeconds,
      binlogRetentionSeconds: config.green.database.binlogRetentionSeconds,
    },
    serverId: config.tuning.database.greenServerId,
    adminPassword: derived("mariadb-admin"),
    tls: { ca: certificate.ca, cert: certificate.cert },
    publishPort: config.green.database.publishPort,
  });
  const account = new WikiAccount(
    "green-wiki-account",
    {
      spec,
      from: environment.accountHost,
      // The operator and blue need some connections, too.
      connections: Math.ceil(config.tuning.database.maxConnections * 0.75),
    },
    { dependsOn: [database] },
  );
  const proxy = new DatabaseProxy("green-mariadb-proxy", {
    environment,
    bases,
    database: database.host,
    allowFrom: config.green.database.allowFrom ?? spec.blue.database.replication.host,
    publishAddress: config.green.database.publishAddress,
    publishPort: config.green.database.publishPort,
    alias: config.green.database.replicationHost,
  });
  const redis = new Redis("green-redis", {
    environment,
    bases,
    fingerprints: { cache: marks["green-redis-cache"], sessions: marks["green-redis-sessions"] },
    maxMemory: config.green.redis.maxMemory,
  });
  const fileSync = new FileSync("green-file-sync", { environment, bases });
  const migration = new Migration("migration", {
    spec,
    allowRestart: config.adopt.allowRestart,
    restartAt: config.adopt.restartAt ?? "",
    retired: ladder.archived,
    green: [database, account, proxy, fileSync],
  });

  const outputs = { facts: blue.facts, url: pulumi.output("") };
  if (!ladder.synced) return outputs;

  const copied = migration.sync({
    following: ladder.following,
    active: ladder.active,
    flipping: ladder.gate,
  });
  const mediawiki = new MediaWiki(
    "green-mediawiki",
    {
      environment,
      bases,
      wiki: {
        sitename: config.wiki.sitename,
        serverUrl: config.wiki.serverUrl,
        language: config.wiki.language,
        authenticationTokenVersion: config.wiki.authenticationTokenVersion ?? "",
        cookiePrefix: config.wiki.cookiePrefix ?? "",
        sessionName: config.wiki.sessionName ?? "",
        hashedUploads: config.wiki.hashedUploads,
        uploadPath: config.wiki.uploadPath,
        settingsFile: config.wiki.settingsFile ?? "",
      },
      database: {
        host: database.host,
        name: config.wiki.database,
        user: config.wiki.appUser,
        tablePrefix: config.wiki.tablePrefix ?? "",
      },
      redis: { cache: redis.cache, sessions: redis.sessions },
      fingerprint: marks["green-mediawiki"],
      startSeconds: config.tuning.web.startSeconds,
      uploads: fileSync.uploads,
      workers: config.green.web.workers,
    },
    { dependsOn: copied },
  );
  if (!ladder.gate) return outputs;

  const { address, tls } = spec.blue.web;
  const gate = new Gate("green-gate", {
    environment,
    bases,
    blue: `${address.host}:${address.port}`,
    blueTls: tls,
    sessionPages: config.gate.sessionPages ?? blue.sessionPages(),
    sessionCookies: config.wiki.sessionName ?? "",
    green: mediawiki.address,
    publishAddress: config.gate.publishAddress,
    httpPort: config.gate.httpPort,
    adminPort: config.tuning.gate.adminPort,
    holdMs: config.tuning.gate.holdMs,
    spec,
    renew: config.gate.renew,
    fingerprint: marks["green-gate"],
    serverUrl: config.wiki.serverUrl,
    uploadPath: config.wiki.uploadPath,
    maxConnectionsPerAddress: config.tuning.gate.maxConnectionsPerAddress,
    trustedProxies: [
      ...(config.gate.trustedProxies ?? "").split(" ").filter(Boolean),
      ...(cloudflare ? cloudflareAddresses : []),
    ],
  });
  outputs.url = gate.url;
  const settled = migration.switch({
    active: ladder.active,
    canary: ladder.canary,
    allowGateAddress: config.blue.web.allowGateAddress,
    entrance: [gate, mediawiki],
  });
  if (cloudflare) {
    new CloudflareEdge(
      "edge",
      { ...cloudflare, apiToken: pulumi.secret(cloudflare.apiToken) },
      { dependsOn: [settled] },
    );
  }
  if (ladder.archived) migration.retire(settled);
  return outputs;
}
