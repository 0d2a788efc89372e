import { jsonSchemaOf, type SchemaNode } from "../config/keys";
import type { Kind } from "../kind";

type Node = Record<string, unknown>;

/** JSON Schema of a stack's file, `Pulumi.<stack>.yaml`, for editors: `docs/config/<name>.schema.json`. */
export function editorSchema(kind: Kind, project = "wikiferry"): string {
  const { properties = {} } = jsonSchemaOf(kind.schema);
  const keys = Object.entries(properties).map(([name, node]) => [`${project}:${name}`, inFile(node)]);
  const schema = {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: `Stack of ${kind.title}`,
    type: "object",
    properties: {
      config: {
        type: "object",
        properties: Object.fromEntries(keys),
        // Keys that are set flat, and those of other projects.
        patternProperties: { [`^${project}:[^.]+\\..`]: {}, [`^(?!${project}:)`]: {} },
        additionalProperties: false,
      },
    },
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
}

/** A key or a section as it appears in the file. Secrets may be missing there, because a command sets them. */
function inFile(node: SchemaNode): Node {
  const { secret, random: _, unit: __, properties, required, additionalProperties, ...rest } = node;
  if (node.type === "object") {
    const named = required?.filter((name) => !properties?.[name]?.secret) ?? [];
    return {
      ...rest,
      ...(properties ? { properties: mapValues(properties, inFile) } : {}),
      ...(named.length > 0 ? { required: named } : {}),
      additionalProperties:
        typeof additionalProperties === "object" ? inFile(additionalProperties) : additionalProperties,
    };
  }
  const also = alsoIn(node, secret === true);
  if (!also) return rest;
  const { description, default: fallback, ...plain } = rest;
  return {
    description,
    ...(fallback === undefined ? {} : { default: fallback }),
    anyOf: [plain, also],
  };
}

/** `pulumi config set` writes numbers and flags as text, and a secret as its ciphertext. */
function alsoIn({ type }: SchemaNode, secret: boolean): Node | undefined {
  if (secret) return { type: "object", properties: { secure: { type: "string" } }, required: ["secure"] };
  if (type === "integer") return { type: "string", pattern: "^-?\\d+$" };
  return type === "boolean" ? { enum: ["true", "false"] } : undefined;
}

function mapValues<A, B>(from: Record<string, A>, to: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(from).map(([name, value]) => [name, to(value)]));
}
