import { WikiferryError } from "../../../engine/errors";
import type { ConfigKey } from "./keys";

/** What Pulumi passes to a program: `project:key` → text, nested keys as JSON. */
export type Raw = Record<string, string>;

/** A value of the config, with its full name. */
export interface Given {
  value: unknown;
  /** The key of the stack's file that contains it: `wiki` for a nested `wiki.database`. */
  holder: string;
}

/**
 * The values of a config: `a: {b: 1}` and `a.b: 1` are both `a.b`. An empty object is nothing, and so is `null`.
 * @param raw Keys of other projects are ignored.
 * @throws `CONFIG_VALUE` where a value is set both ways
 */
export function givenIn(keys: readonly ConfigKey[], raw: Raw, project: string): Map<string, Given> {
  const given = new Map<string, Given>();
  const walk = (name: string, value: unknown, holder: string) => {
    if (value === null) return;
    if (typeof value === "object" && !Array.isArray(value)) {
      for (const [child, inner] of Object.entries(value)) walk(`${name}.${child}`, inner, holder);
      return;
    }
    const other = given.get(name);
    if (other) throw setTwice(name, [holder, other.holder]);
    given.set(name, { value, holder });
  };
  for (const [key, value] of Object.entries(raw)) {
    if (!key.startsWith(`${project}:`)) continue;
    const name = key.slice(project.length + 1);
    const nested = value.startsWith("{") && !keys.some((it) => it.name === name);
    walk(name, nested ? parseOr(value) : value, name);
  }
  return given;
}

/**
 * A config whose values can only be read by name, as in a dynamic provider.
 * @param get The value for a name without the project: text, nested keys as JSON.
 */
export function rawFrom(
  get: (name: string) => string | undefined,
  keys: readonly ConfigKey[],
  project = "wikiferry",
): Raw {
  const raw: Raw = {};
  const ask = (name: string) => {
    const value = get(name);
    if (value !== undefined) raw[`${project}:${name}`] = value;
    return value;
  };
  for (const key of keys) {
    const parts = key.name.split(".");
    const free = parts.indexOf("*");
    // Nobody can ask which names the owner chose, but the nested form has them.
    const holder = ask(parts.slice(0, free === -1 ? 1 : free).join("."));
    const names = free === -1 ? [key.name] : namesIn(holder).map((it) => key.name.replace("*", it));
    for (const name of names)
      for (let length = 2; length <= parts.length; length++) ask(name.split(".").slice(0, length).join("."));
  }
  return raw;
}

function namesIn(holder: string | undefined): string[] {
  const value = holder?.startsWith("{") ? parseOr(holder) : undefined;
  return typeof value === "object" && value !== null ? Object.keys(value) : [];
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
