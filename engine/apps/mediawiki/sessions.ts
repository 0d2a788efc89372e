import type { WikiSettings } from "./settings";

/** Where sessions live. What is in the database moves with it; the rest does not. */
export type SessionStore =
  | "database"
  | "memory of one process or host"
  | "memcached"
  | "redis"
  | "nowhere"
  | "unknown";

const byNumber: Record<string, SessionStore> = {
  "0": "nowhere",
  "1": "database",
  "2": "memcached",
  "3": "memory of one process or host",
};

/**
 * Where MediaWiki 1.39 keeps sessions: `$wgSessionCacheType`, and for CACHE_ANYTHING (-1) the first of main, message
 * and parser cache that is neither nothing nor anything (`ObjectCache::newAnything`).
 */
export function sessionStore(settings: WikiSettings): SessionStore {
  const anything = (type: string | number) => String(type) === "-1";
  let type = settings.wgSessionCacheType;
  if (anything(type)) {
    const candidates = [settings.wgMainCacheType, settings.wgMessageCacheType, settings.wgParserCacheType];
    type = candidates.find((candidate) => !anything(candidate) && String(candidate) !== "0") ?? 1;
  }
  const name = String(type);
  const known = byNumber[name];
  if (known !== undefined) return known;
  const className = (settings.cacheClasses[name] ?? name).split("\\").pop()?.toLowerCase() ?? "";
  if (className.includes("sql") || name === "db-replicated") return "database";
  if (className.includes("redis")) return "redis";
  if (className.includes("memcached")) return "memcached";
  if (/apcu?|wincache|hash/.test(className)) return "memory of one process or host";
  if (className.includes("empty")) return "nowhere";
  return "unknown";
}
