import { stringify } from "yaml";
import type { Entry } from "./plan";

interface Tree {
  [name: string]: Tree | string | number | boolean;
}

const comments: Record<string, string> = {
  hosts: "Each host that is reached by SSH.",
  wiki: "As blue's LocalSettings.php has it.",
  blue: "Where the wiki lives now.",
  green: "Where it moves to.",
};

/** A new stack's file. */
export function stackFile(entries: readonly Entry[], from: string): string {
  const tree: Tree = {};
  for (const { key, value } of entries) put(tree, key.split("."), value);
  const sections = Object.entries(tree).map(([name, value]) => {
    const text = stringify({ [`wikiferry:${name}`]: value }, { lineWidth: 0 });
    const comment = comments[name] ? `# ${comments[name]}\n` : "";
    return `${comment}${text}`
      .trimEnd()
      .split("\n")
      .map((line) => `  ${line}`)
      .join("\n");
  });
  return [
    "# yaml-language-server: $schema=docs/config/mediawiki.schema.json",
    `# What \`npm run discover\` found on ${from}. It is yours to edit: another run shows what has changed on blue and`,
    "# writes nothing over it. All other keys have their defaults: docs/config/mediawiki.md.",
    "config:",
    ...sections,
    "",
  ].join("\n");
}

function put(tree: Tree, [first = "", ...rest]: string[], value: string | number | boolean): void {
  if (rest.length === 0) {
    tree[first] = value;
    return;
  }
  const inner = tree[first];
  const next: Tree = typeof inner === "object" ? inner : {};
  tree[first] = next;
  put(next, rest, value);
}

export interface Change {
  key: string;
  /** In the stack's file; undefined where it has none. */
  here: unknown;
  /** On blue. */
  there: string | number | boolean;
}

/**
 * Where a stack's file says something else than blue. A key that the file leaves out has its default.
 * @param given The file's values by key.
 */
export function changesSince(entries: readonly Entry[], given: ReadonlyMap<string, unknown>): Change[] {
  return entries
    .filter(({ key, value }) => String(given.get(key) ?? "") !== String(value))
    .map(({ key, value }) => ({ key, here: given.get(key), there: value }));
}
