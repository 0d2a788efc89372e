import { stringify } from "yaml";
import type { Keys } from "./key";

/** Pulumi.yaml, whole: the project and its config schema, made from `keys`. */
export function projectFile(keys: Keys): string {
  const config = Object.fromEntries(
    Object.entries(keys).map(([name, key]) => [
      name,
      {
        type: key.type,
        description: key.description,
        ...(key.fallback === undefined ? {} : { default: key.fallback }),
        // The engine wants a secret key's value encrypted, its default too: an optional one can't be declared as such.
        ...(key.secret && key.fallback === undefined ? { secret: true } : {}),
      },
    ]),
  );
  const project = {
    name: "wikiferry",
    description:
      "Moves a running MediaWiki from the machines it lives on to new ones, while people go on editing",
    runtime: { name: "nodejs", options: { typescript: false, nodeargs: "--require tsx/cjs" } },
    main: "index.ts",
    config,
  };
  return `# The config section is made from stacks/mediawiki/config.ts by \`npm run document\`.\n${stringify(project, { lineWidth: 0 })}`;
}

/** The table of config keys for the page in docs/config, Markdown. */
export function keyTable(keys: Keys): string {
  const rows = Object.entries(keys).map(([name, key]) => {
    const fallback =
      key.fallback === undefined ? "required" : key.fallback === "" ? "" : `\`${key.fallback}\``;
    return `| \`${name}\` | ${key.secret ? "secret" : key.type} | ${fallback} | ${key.description.replaceAll("|", "\\|")} |`;
  });
  return ["| key | type | default | what |", "| --- | --- | --- | --- |", ...rows].join("\n");
}
