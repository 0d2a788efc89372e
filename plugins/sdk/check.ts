import { randomBytes } from "node:crypto";
import type { z } from "zod";
import type { ResourceType } from "./resource";
import { type Bag, holdsUnknown, plain, same } from "./values";

export interface Failure {
  property: string;
  reason: string;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key],
    value,
  );
}

const printed = (path: readonly PropertyKey[]): string =>
  path
    .map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`))
    .join("")
    .replace(/^\./, "");

/** What is wrong with the values. A value that is not known yet counts as valid. */
export function failuresOf(schema: z.ZodType, values: Bag): Failure[] {
  const result = schema.safeParse(values);
  if (result.success) return [];
  return result.error.issues.flatMap((issue) => {
    if (issue.code === "unrecognized_keys")
      return issue.keys.map((key) => ({
        property: printed([...issue.path, key]),
        reason: `unknown property "${printed([...issue.path, key])}" (of the offline plugin)`,
      }));
    if (holdsUnknown(valueAt(values, issue.path))) return [];
    return [{ property: printed(issue.path), reason: `${printed(issue.path)}: ${issue.message}` }];
  });
}

/** The resource's name in a URN. */
const nameIn = (urn: string): string => urn.slice(urn.lastIndexOf("::") + 2);

/** Inputs with defaults and a name. An automatic name stays for as long as the resource lives. */
export function withDefaults<C, I>(type: ResourceType<C, I>, urn: string, olds: Bag, news: Bag): Bag {
  const inputs: Bag = { ...type.defaults, ...news };
  const key = type.autoName;
  if (key && inputs[key] === undefined)
    inputs[key] = isAutoNamed(type, urn, olds)
      ? plain(olds[key])
      : `${nameIn(urn)}-${randomBytes(4).toString("hex").slice(0, 7)}`;
  return inputs;
}

/** Whether `withDefaults` generated the name of a resource. */
export function isAutoNamed<C, I>(type: ResourceType<C, I>, urn: string, state: Bag): boolean {
  const name = type.autoName && plain(state[type.autoName]);
  const begins = `${nameIn(urn)}-`;
  return (
    typeof name === "string" && name.startsWith(begins) && /^[0-9a-f]{7}$/.test(name.slice(begins.length))
  );
}

/** The inputs that differ from the state, and those among them that need a new resource. */
export function changesOf<C, I>(
  type: ResourceType<C, I>,
  oldInputs: Bag,
  state: Bag,
  news: Bag,
): { changed: string[]; replaces: string[] } {
  const changed = Object.keys(type.inputs.shape).filter((name) =>
    name in news ? !same(news[name], state[name]) : !same(oldInputs[name], undefined),
  );
  return { changed, replaces: changed.filter((name) => type.replaceOn.includes(name)) };
}
