import type { z } from "zod";
import { WikiferryError } from "../../../engine/errors";
import { type ConfigKey, describeKey, type KeyType, keyNamed, keysOf } from "./keys";
import { nearest } from "./nearest";
import { type Given, givenIn, type Raw } from "./raw";
import type { ConfigSchema } from "./schema";

/**
 * The stack's config, checked: for the program, the dynamic providers and the scripts.
 * @throws `CONFIG_UNKNOWN_KEY`, `CONFIG_MISSING_KEY`, `CONFIG_VALUE`, `CONFIG_WEAK_SECRET`
 */
export function readConfig<C>(schema: ConfigSchema<C>, raw: Raw, project = "wikiferry"): C {
  const keys = keysOf(schema);
  const given = givenIn(keys, raw, project);
  const tree = emptyTree();
  for (const [name, { value, holder }] of given) {
    const key = keyNamed(keys, name);
    if (!key) throw unknown(name, holder, keys, given);
    // An empty text unsets an optional key.
    if (value === "" && !key.required && key.default === undefined) given.delete(name);
    else put(tree, name.split("."), coerce(value, key.type));
  }
  const result = schema.safeParse(tree);
  if (result.success) return result.data;
  throw refusal(result.error.issues, keys, given);
}

/**
 * Refuses secrets that are in the stack's file in plain text.
 * @param isSecret Whether a key of the stack's file is encrypted, or part of one that is.
 * @throws `CONFIG_WEAK_SECRET`
 */
export function refusePlainSecrets(
  schema: ConfigSchema,
  raw: Raw,
  isSecret: (key: string) => boolean,
  project = "wikiferry",
): void {
  const keys = keysOf(schema);
  for (const [name, { value, holder }] of givenIn(keys, raw, project)) {
    const key = keyNamed(keys, name);
    if (!key?.secret || value === "" || isSecret(`${project}:${holder}`)) continue;
    throw new WikiferryError(
      "CONFIG_WEAK_SECRET",
      `${name} is in the stack's file in plain text`,
      setCommand(name, key),
    );
  }
}

interface Tree {
  [name: string]: unknown;
}

/** Without a prototype: a host may have any name. */
const emptyTree = (): Tree => Object.create(null);

function put(tree: Tree, path: string[], value: unknown): void {
  const [first, ...rest] = path as [string, ...string[]];
  if (rest.length === 0) {
    tree[first] = value;
    return;
  }
  tree[first] ??= emptyTree();
  put(tree[first] as Tree, rest, value);
}

/** Values that were set flat are text, those of the nested form are as YAML has them. */
function coerce(value: unknown, type: KeyType): unknown {
  if (type === "boolean" && (value === "true" || value === "false")) return value === "true";
  if (type === "integer" && typeof value === "string" && /^-?\d+$/.test(value)) return Number(value);
  if (type === "string" && (typeof value === "number" || typeof value === "boolean")) return String(value);
  return value;
}

type Issues = z.core.$ZodIssue[];

function refusal(
  issues: Issues,
  keys: readonly ConfigKey[],
  given: ReadonlyMap<string, Given>,
): WikiferryError {
  const named = issues.map((issue) => ({ issue, name: issue.path.join(".") }));
  const missing = named.filter(({ issue, name }) => issue.code !== "invalid_key" && !given.has(name));
  const absent = missing.flatMap(({ name }) => {
    const key = keyNamed(keys, name);
    return key ? [{ ...key, name }] : [];
  });
  if (absent.length > 0) return notSet(absent);
  const { issue, name } = named[0] as (typeof named)[number];
  if (issue.code === "invalid_key") {
    return new WikiferryError(
      "CONFIG_VALUE",
      `${name} ${issue.issues[0]?.message}`,
      `pulumi config rm --path ${name}, and give it another name`,
    );
  }
  const key = keyNamed(keys, name);
  if (issue.code === "custom" && issue.params?.weak)
    return new WikiferryError("CONFIG_WEAK_SECRET", `${name} ${issue.message}`, setCommand(name, key));
  const shown = key?.secret ? "a secret value" : JSON.stringify(given.get(name)?.value);
  return new WikiferryError(
    "CONFIG_VALUE",
    `${name} is ${shown} and ${issue.message}`,
    setCommand(name, key),
  );
}

function notSet(keys: ConfigKey[]): WikiferryError {
  const [first, ...others] = keys as [ConfigKey, ...ConfigKey[]];
  const commands = keys.map((key) => setCommand(key.name, key)).join("; ");
  if (others.length === 0)
    return new WikiferryError(
      "CONFIG_MISSING_KEY",
      `${first.name} is not set (${describeKey(first)})`,
      commands,
    );
  const names = keys.map(({ name }) => name);
  return new WikiferryError(
    "CONFIG_MISSING_KEY",
    `${names.slice(0, -1).join(", ")} and ${names.at(-1)} are not set`,
    commands,
  );
}

function unknown(
  name: string,
  holder: string,
  keys: readonly ConfigKey[],
  given: ReadonlyMap<string, Given>,
): WikiferryError {
  const inner = keys.filter((key) => key.name.startsWith(`${name}.`)).map((key) => key.name);
  if (inner.length > 0) {
    return new WikiferryError(
      "CONFIG_VALUE",
      `${name} is ${JSON.stringify(given.get(name)?.value)}, and it has keys of its own, such as ${inner[0]}`,
      `pulumi config rm ${name}, then pulumi config set --path ${inner[0]} VALUE`,
    );
  }
  // A name that the owner chose is valid wherever one is allowed.
  const parts = name.split(".");
  const candidates = keys.map((key) =>
    key.name
      .split(".")
      .map((it, at) => (it === "*" ? (parts[at] ?? it) : it))
      .join("."),
  );
  const near = nearest(name, candidates);
  const remove = holder === name ? `pulumi config rm ${name}` : `pulumi config rm --path ${name}`;
  return new WikiferryError(
    "CONFIG_UNKNOWN_KEY",
    `the stack's config has ${name}, which is not a key`,
    `Remove it (${remove})${near ? `; did you mean ${near}?` : ""}`,
  );
}

/**
 * The command that sets a key. It reads a secret from standard input, because arguments appear in the shell's history
 * and in `ps`.
 */
function setCommand(name: string, key: { secret?: boolean; random?: boolean } | undefined): string {
  if (key?.random) return `openssl rand -hex 32 | pulumi config set --path --secret ${name}`;
  return key?.secret ? `pulumi config set --path --secret ${name}` : `pulumi config set --path ${name} VALUE`;
}
