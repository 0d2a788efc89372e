/** A property bag as it arrives from the engine, after protobuf. */
export type Bag = Record<string, unknown>;

// Both strings are part of the engine's wire protocol: sdk/go/common/resource/properties.go and plugin/rpc.go.
/** Stands for a value that is known only during a real `up`. */
export const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const signatureKey = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";

function isObject(value: unknown): value is Bag {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const isSecret = (value: unknown): value is { value: unknown } =>
  isObject(value) && value[signatureKey] === secretSignature;

export const secret = (value: unknown): Bag => ({ [signatureKey]: secretSignature, value });

/** Whether a secret is anywhere inside. */
export function holdsSecret(value: unknown): boolean {
  if (isSecret(value)) return true;
  if (Array.isArray(value)) return value.some(holdsSecret);
  return isObject(value) && Object.values(value).some(holdsSecret);
}

/** Whether something inside is known only during a real `up`. */
export function holdsUnknown(value: unknown): boolean {
  if (value === unknown) return true;
  if (Array.isArray(value)) return value.some(holdsUnknown);
  return isObject(value) && Object.values(value).some(holdsUnknown);
}

/** The values without their secret wrappers, nulls and engine-internal keys. */
export function plain(value: unknown): unknown {
  if (isSecret(value)) return plain(value.value);
  if (Array.isArray(value)) return value.map(plain);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, inner]) => inner !== null && inner !== undefined && !key.startsWith("__"))
      .map(([key, inner]) => [key, plain(inner)]),
  );
}

/** Removes undefined and null values at any depth: protobuf's Struct has no undefined. */
export function present(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(present);
  if (!isObject(value)) return value;
  const entries = Object.entries(value).filter(([, inner]) => inner !== null && inner !== undefined);
  return Object.fromEntries(entries.map(([key, inner]) => [key, present(inner)]));
}

/** Structural equality, ignoring key order. An absent value, `[]`, `{}`, `""` and `false` count as equal. */
export function same(a: unknown, b: unknown): boolean {
  if (isEmpty(a) && isEmpty(b)) return true;
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((value, index) => same(value, b[index]));
  if (isObject(a) && isObject(b))
    return [...new Set([...Object.keys(a), ...Object.keys(b)])].every((key) => same(a[key], b[key]));
  return a === b;
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === "" || value === false) return true;
  if (Array.isArray(value)) return value.length === 0;
  return isObject(value) && Object.keys(value).length === 0;
}

/**
 * Marks as secret again what was secret in `origins`: the whole value where it has changed, else exactly the parts that
 * were secret. What is in `derived` is secret when any origin holds a secret there or in `causes`.
 */
export function seal(
  outputs: Bag,
  origins: Bag[],
  derived: readonly string[],
  causes: readonly string[],
): Bag {
  const tainted = origins.some((origin) => causes.some((key) => holdsSecret(origin[key])));
  const sealed: Bag = {};
  for (const [key, value] of Object.entries(outputs)) {
    if (value === undefined || value === null) continue;
    const origin = origins.find((bag) => holdsSecret(bag[key]))?.[key];
    if (origin !== undefined) sealed[key] = same(plain(origin), value) ? origin : secret(value);
    else sealed[key] = tainted && derived.includes(key) ? secret(value) : value;
  }
  return sealed;
}
