import { type ConfigKey, describeKey, jsonSchemaOf, keysOf, type SchemaNode } from "../config/keys";
import type { Kind } from "../kind";

/** The page of a kind's config keys, Markdown: `docs/config/<name>.md`. */
export function configPage(name: string, kind: Kind): string {
  const top = jsonSchemaOf(kind.schema).properties ?? {};
  const keys = keysOf(kind.schema);
  const example = kind.example ? ` [${kind.example}](../../${kind.example}) is a complete example.` : "";
  const sections = Object.entries(top).filter(([, { type }]) => type === "object");
  return [
    `# Config of ${kind.title}`,
    `Every config key of a stack of kind \`${name}\`, with its type, its default and its meaning. \`npm run document\` writes
this page and \`${name}.schema.json\`, by which editors complete keys in the stack's file, from the schema in
\`stacks/${name}/config.ts\`.`,
    `Set a key with \`npx pulumi config set --path KEY VALUE\`. Set a secret with \`--path --secret KEY\` and without a value, so
that it is read from standard input. Preview refuses unknown keys, wrong values and contradictory combinations, and names
the keys that are missing.${example}`,
    "## The stack",
    tableOf(keys.filter((key) => !key.name.includes("."))),
    ...sections.flatMap(([section, node]) => [
      `## ${section}`,
      textOf(node),
      tableOf(keys.filter((key) => key.name.startsWith(`${section}.`))),
    ]),
  ]
    .join("\n\n")
    .concat("\n");
}

function textOf({ description = "", properties = {} }: SchemaNode): string {
  const inner = Object.entries(properties).filter(([, { type }]) => type === "object");
  const lines = inner.map(([name, node]) => `- \`${name}\`: ${node.description}`);
  return lines.length === 0 ? description : `${description}\n\n${lines.join("\n")}`;
}

function tableOf(keys: readonly ConfigKey[]): string {
  return [
    "| key | type | unit | default | what |",
    "| --- | --- | --- | --- | --- |",
    ...keys.map(rowOf),
  ].join("\n");
}

function rowOf(key: ConfigKey): string {
  const name = key.name.replace("*", "NAME");
  const fallback = key.required ? "required" : key.default === undefined ? "" : `\`${key.default}\``;
  const what = describeKey({ ...key, unit: undefined }).replaceAll("|", "\\|");
  return `| \`${name}\` | ${key.secret ? "secret" : key.type} | ${key.unit ?? ""} | ${fallback} | ${what} |`;
}
