import { WikiferryError } from "../../../engine/errors";
import type { ConfigOf, Key, Keys } from "./key";
import { weaknessOf } from "./strength";

/** What Pulumi hands to a program: `project:key` → text, nested keys as JSON. */
export type Raw = Record<string, string>;

/**
 * The stack's config, checked: for the program, the dynamic providers and the scripts.
 *
 * @param raw Keys of other projects are left alone.
 * @throws `CONFIG_UNKNOWN_KEY`, `CONFIG_MISSING_KEY`, `CONFIG_VALUE`, `CONFIG_WEAK_SECRET`
 */
export function readConfig<K extends Keys>(keys: K, raw: Raw, project = "wikiferry"): ConfigOf<K> {
  const given = flatten(keys, raw, project);
  for (const name of given.keys()) {
    if (name in keys) continue;
    const near = nearest(name, Object.keys(keys));
    throw new WikiferryError(
      "CONFIG_UNKNOWN_KEY",
      `the stack's config has ${name}, which is not a key`,
      `Remove it (pulumi config rm --path ${name})${near ? `; did you mean ${near}?` : ""}`,
    );
  }
  const config: Record<string, unknown> = {};
  for (const [name, key] of Object.entries(keys))
    config[name] = readKey(name, key as Key<unknown>, given.get(name));
  return config as ConfigOf<K>;
}

/** One key's value. */
export function readKey<T>(name: string, key: Key<T>, value: unknown): T {
  if (value === undefined) {
    if (key.fallback !== undefined) return key.fallback;
    throw new WikiferryError(
      "CONFIG_MISSING_KEY",
      `${name} is not set (${key.description})`,
      setCommand(name, key),
    );
  }
  const weakness = key.random ? weaknessOf(String(value)) : undefined;
  if (weakness !== undefined)
    throw new WikiferryError("CONFIG_WEAK_SECRET", `${name} ${weakness}`, setCommand(name, key));
  const result = key.schema.safeParse(coerce(value, key.type));
  if (result.success) return result.data;
  const shown = key.secret ? "a secret value" : JSON.stringify(value);
  throw new WikiferryError(
    "CONFIG_VALUE",
    `${name} is ${shown} and ${result.error?.issues[0]?.message}`,
    setCommand(name, key),
  );
}

/** The command that sets a key. It reads a secret from standard input: arguments are in the shell's history and in `ps`. */
function setCommand(name: string, key: { secret?: boolean; random?: boolean }): string {
  if (key.random) return `openssl rand -hex 32 | pulumi config set --path --secret ${name}`;
  return key.secret ? `pulumi config set --path --secret ${name}` : `pulumi config set --path ${name} VALUE`;
}

/**
 * The config for `readConfig`, where a key's value can only be asked for by its name, as in a dynamic provider.
 *
 * @param get The value under a name without the project: text, nested keys as JSON.
 * @param keys The keys to ask for.
 */
export function rawFrom(get: (name: string) => string | undefined, keys: Keys): Raw {
  const raw: Raw = {};
  for (const name of Object.keys(keys)) {
    const parts = name.split(".");
    for (let length = 1; length <= parts.length; length++) {
      const part = parts.slice(0, length).join(".");
      const value = get(part);
      if (value !== undefined) raw[`wikiferry:${part}`] = value;
    }
  }
  return raw;
}

/**
 * `a: {b: 1}` and `a.b: 1` are both the key `a.b`.
 *
 * @throws `CONFIG_VALUE` where both are there
 */
function flatten(keys: Keys, raw: Raw, project: string): Map<string, unknown> {
  const flat = new Map<string, unknown>();
  const holders = new Map<string, string>();
  const walk = (name: string, value: unknown, holder: string) => {
    if (value !== null && typeof value === "object" && !Array.isArray(value)) {
      for (const [child, inner] of Object.entries(value)) walk(`${name}.${child}`, inner, holder);
      return;
    }
    const other = holders.get(name);
    if (other !== undefined) throw setTwice(name, [holder, other]);
    holders.set(name, holder);
    flat.set(name, value);
  };
  for (const [key, value] of Object.entries(raw)) {
    if (!key.startsWith(`${project}:`)) continue;
    const name = key.slice(project.length + 1);
    const nested = value.startsWith("{") && !(name in keys);
    walk(name, nested ? parseOr(value) : value, name);
  }
  return flat;
}

function setTwice(name: string, holders: string[]): WikiferryError {
  const [outer, inner] = holders.sort((a, b) => a.length - b.length);
  return new WikiferryError(
    "CONFIG_VALUE",
    `${name} is set twice, ${inner === name ? "as a key of its own" : `within ${inner}`} and within ${outer}`,
    `pulumi config rm ${inner}, or pulumi config rm --path ${name}`,
  );
}

function parseOr(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

function coerce(value: unknown, type: string): unknown {
  if (type === "boolean" && (value === "true" || value === "false")) return value === "true";
  if (type === "integer" && typeof value === "string" && /^-?\d+$/.test(value)) return Number(value);
  if (type === "string" && (typeof value === "number" || typeof value === "boolean")) return String(value);
  return value;
}

function nearest(name: string, candidates: string[]): string | undefined {
  const scored = candidates.map((candidate) => ({ candidate, distance: editDistance(name, candidate) }));
  scored.sort((a, b) => a.distance - b.distance);
  const best = scored[0];
  return best && best.distance <= Math.max(2, name.length / 3) ? best.candidate : undefined;
}

/** Levenshtein distance. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(substitution, (previous[j] as number) + 1, (current[j - 1] as number) + 1));
    }
    previous = current;
  }
  return previous[b.length] as number;
}
