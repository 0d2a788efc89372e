import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { type Bases, imageOf, type Service } from "../../components/image";
import type { Secrets } from "../../engine/move";
import type { MediaWikiConfig } from "./config";

/** Containers of green that serve people, by their names on the engine. */
export type Fingerprints = Record<
  "green-mediawiki" | "green-mariadb" | "green-redis-cache" | "green-redis-sessions" | "green-gate",
  string
>;

/**
 * What defines each container, as a short keyed hash: its label `wikiferry.settings`, which tells a preview which ones
 * a change of the config replaces. Nobody without the master secret can derive a setting from it. Pure.
 * @param extraSettings Text of the wiki's own settings.
 */
export function fingerprints(
  { wiki, green, gate, tuning }: MediaWikiConfig,
  secrets: Secrets,
  bases: Bases,
  extraSettings: string,
): Fingerprints {
  const of = (service: Service, ...parts: unknown[]) =>
    createHmac("sha256", secrets.masterSecret)
      .update(JSON.stringify([imageOf(service, bases), green.network, ...parts]))
      .digest("hex")
      .slice(0, 16);
  return {
    "green-mediawiki": of(
      "mediawiki",
      without(wiki, "settingsFile", "apiPath"),
      green.web.workers,
      secrets.appPassword,
      secrets.wikiSecretKey,
      extraSettings,
    ),
    "green-mariadb": of(
      "mariadb",
      without(green.database, "replicationPort"),
      without(tuning.database, "blueServerId"),
    ),
    "green-redis-cache": of("redis", green.redis.maxMemory),
    "green-redis-sessions": of("redis", green.redis.maxMemory),
    "green-gate": of("gate", gate.publishAddress, gate.httpPort, tuning.gate.adminPort),
  };
}

/** A section without the keys that only the tool uses. */
function without(section: object, ...names: string[]): object {
  return Object.fromEntries(Object.entries(section).filter(([name]) => !names.includes(name)));
}

/** The text of the wiki's own settings. */
export function extraSettings(file: string | undefined): string {
  return file === undefined ? "" : readFileSync(file, "utf8");
}
