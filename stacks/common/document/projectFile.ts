import { stringify } from "yaml";
import { commonSchema } from "../config/common";
import { describeKey, jsonSchemaOf, keysOf, type SchemaNode } from "../config/keys";
import type { Kinds } from "../kind";

/**
 * The whole Pulumi.yaml. It declares what Pulumi can check for every kind: the keys that all stacks have, and which
 * names are sections. Defaults of keys inside a section stay in the schema: Pulumi would write them beside a key that
 * is set flat, and both would exist.
 */
export function projectFile(kinds: Kinds): string {
  const common = keysOf(commonSchema).filter(({ name }) => !name.includes("."));
  const project = {
    name: "wikiferry",
    description:
      "Moves a running MediaWiki from the machines it lives on to new ones, while people go on editing",
    runtime: { name: "nodejs", options: { typescript: false, nodeargs: "--require tsx/cjs" } },
    main: "index.ts",
    config: {
      ...Object.fromEntries(
        common.map((key) => [
          key.name,
          {
            type: key.type,
            description: describeKey(key),
            ...(key.default === undefined ? {} : { default: key.default }),
            ...(key.secret ? { secret: true } : {}),
          },
        ]),
      ),
      ...Object.fromEntries(
        Object.values(kinds)
          .flatMap(({ schema }) => sectionsOf(jsonSchemaOf(schema)))
          .map(([name, { description }]) => [name, { type: "object", description, default: {} }]),
      ),
    },
  };
  return `# Made by \`npm run document\`; docs/config has a page of all keys for each kind.\n${stringify(project, { lineWidth: 0 })}`;
}

function sectionsOf(node: SchemaNode): [string, SchemaNode][] {
  return Object.entries(node.properties ?? {}).filter(([, { type }]) => type === "object");
}
