import { z } from "zod";
import type { ConfigSchema, KeyMeta } from "./schema";

export type KeyType = "string" | "integer" | "boolean";

/** One key of a config, as its schema describes it. */
export interface ConfigKey extends KeyMeta {
  /** As `pulumi config set --path` takes it. A `*` stands for a name that the owner chooses. */
  name: string;
  type: KeyType;
  description: string;
  /** Without a default, a key may be omitted only where it is not `required`. */
  default?: string | number | boolean;
  required: boolean;
  /** The only values that it accepts. */
  values?: readonly string[];
  minimum?: number;
  maximum?: number;
}

/** The part of JSON Schema that wikiferry uses. */
export interface SchemaNode extends KeyMeta {
  type?: string;
  description?: string;
  default?: unknown;
  properties?: Record<string, SchemaNode>;
  required?: string[];
  additionalProperties?: boolean | SchemaNode;
  propertyNames?: unknown;
  enum?: string[];
  minimum?: number;
  maximum?: number;
}

/** A config's schema as JSON Schema, in the form of a stack's file. */
export function jsonSchemaOf(schema: ConfigSchema): SchemaNode {
  return z.toJSONSchema(schema, { io: "input" }) as SchemaNode;
}

const known = new WeakMap<ConfigSchema, readonly ConfigKey[]>();

/** Every key of a config, in the order of its schema. */
export function keysOf(schema: ConfigSchema): readonly ConfigKey[] {
  const before = known.get(schema);
  if (before) return before;
  const keys = [...keysUnder("", jsonSchemaOf(schema), false)];
  known.set(schema, keys);
  return keys;
}

function* keysUnder(name: string, node: SchemaNode, required: boolean): Generator<ConfigKey> {
  const child = (last: string) => (name === "" ? last : `${name}.${last}`);
  if (node.type !== "object") {
    const { type, description = "", unit, secret, random, minimum, maximum } = node;
    yield {
      name,
      type: type as KeyType,
      description,
      required: required && node.default === undefined,
      default: node.default as ConfigKey["default"],
      values: node.enum,
      minimum,
      maximum,
      unit,
      secret,
      random,
    };
    return;
  }
  for (const [last, inner] of Object.entries(node.properties ?? {}))
    yield* keysUnder(child(last), inner, node.required?.includes(last) ?? false);
  if (typeof node.additionalProperties === "object")
    yield* keysUnder(child("*"), node.additionalProperties, false);
}

/** The key that a name means, if there is one. */
export function keyNamed(keys: readonly ConfigKey[], name: string): ConfigKey | undefined {
  const parts = name.split(".");
  return keys.find((key) => {
    const wanted = key.name.split(".");
    return wanted.length === parts.length && wanted.every((it, at) => it === "*" || it === parts[at]);
  });
}

/** What a key is for and which values it accepts, in sentences. */
export function describeKey({ description, values, minimum, maximum, unit }: ConfigKey): string {
  const range = minimum === undefined || maximum === undefined ? "" : ` ${minimum} to ${maximum}`;
  if (values && values.length > 1) return `${description} One of ${values.join(", ")}.`;
  return range ? `${description}${range}${unit ? ` ${unit}` : ""}.` : description;
}
