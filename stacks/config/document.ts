import { stringify } from "yaml";
import { keys } from "./keys";

interface AnyKey {
  type: string;
  description: string;
  fallback?: unknown;
  secret?: boolean;
}

/** Pulumi.yaml, whole: the project and its config schema, made from `keys`. */
export function projectFile(): string {
  const config = Object.fromEntries(
    Object.entries(keys as Record<string, AnyKey>).map(([name, key]) => [
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
  return `# The config section is made from stacks/config/keys.ts by \`npm run document\`.\n${stringify(project, { lineWidth: 0 })}`;
}

/** The README's table of config keys, Markdown. */
export function keyTable(): string {
  const rows = Object.entries(keys as Record<string, AnyKey>).map(([name, key]) => {
    const fallback =
      key.fallback === undefined ? "required" : key.fallback === "" ? "" : `\`${key.fallback}\``;
    return `| \`${name}\` | ${key.secret ? "secret" : key.type} | ${fallback} | ${key.description.replaceAll("|", "\\|")} |`;
  });
  return ["| key | type | default | what |", "| --- | --- | --- | --- |", ...rows].join("\n");
}
