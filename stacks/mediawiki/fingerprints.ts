import { createHmac } from "node:crypto";
import { type Bases, imageOf, type Service } from "../../components/image";
import type { Secrets } from "../../engine/move";
import type { MediaWikiConfig } from "./config";

/** Containers of green that serve people, by the name that the engine knows them by. */
export type Fingerprints = Record<
  "green-mediawiki" | "green-mariadb" | "green-redis-cache" | "green-redis-sessions" | "green-gate",
  string
>;

/**
 * What each container is made of, as a short keyed hash: its label `wikiferry.settings`, by which a preview tells which
 * ones a change of the config replaces. Nobody without the master secret can find a setting from it. Pure.
 *
 * @param extraSettings Text of the wiki's own settings.
 */
export function fingerprints(
  config: MediaWikiConfig,
  secrets: Secrets,
  bases: Bases,
  extraSettings: string,
): Fingerprints {
  const of = (service: Service, ...parts: unknown[]) =>
    createHmac("sha256", secrets.masterSecret)
      .update(JSON.stringify([imageOf(service, bases), config["green.network"], ...parts]))
      .digest("hex")
      .slice(0, 16);
  const notInside = ["wiki.name", "wiki.settingsFile", "wiki.apiPath", "green.database.replicationPort"];
  const section = (prefix: string) =>
    Object.entries(config).filter(([key]) => key.startsWith(prefix) && !notInside.includes(key));
  const app = [config["wiki.database"], config["wiki.appUser"], secrets.appPassword];
  return {
    "green-mediawiki": of(
      "mediawiki",
      section("wiki."),
      config["green.web.workers"],
      app,
      secrets.wikiSecretKey,
      extraSettings,
    ),
    "green-mariadb": of("mariadb", section("green.database.")),
    "green-redis-cache": of("redis", config["green.redis.maxMemory"]),
    "green-redis-sessions": of("redis", config["green.redis.maxMemory"]),
    "green-gate": of(
      "gate",
      config["gate.publishAddress"],
      config["gate.httpPort"],
      config["gate.adminPort"],
    ),
  };
}
