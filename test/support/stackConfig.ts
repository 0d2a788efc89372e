import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { readConfig } from "../../stacks/common/config/read";
import { type MediaWikiConfig, schema } from "../../stacks/mediawiki/config";

/** Secrets and keys that a stack file of the repository leaves out, as a user would set them. */
export const exampleSecrets = {
  masterSecret: "9c1f7ab2e40d63588b7e25f0d1a94c36",
  wiki: { appPassword: "example-app-password", secretKey: "example-secret-key" },
  ssh: { privateKeyFile: "", privateKey: "private-key" },
  blue: { database: { adminPassword: "example-admin-password" } },
  edge: { apiToken: "example-api-token" },
};

const hostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHBsYWNlaG9sZGVyLWtleQ==";

type Tree = { [name: string]: unknown };
export type StackName = "staging" | "prod";

/**
 * What Pulumi would hand to a program for `Pulumi.<stack>.yaml`, completed with example secrets.
 *
 * @param changes Values by their names, `wiki.sitename`; `undefined` takes a key out.
 */
export function rawConfig(stack: StackName, changes: Tree = {}): Record<string, string> {
  const file = parse(readFileSync(join(__dirname, "../..", `Pulumi.${stack}.yaml`), "utf8")) as {
    config: Tree;
  };
  const tree: Tree = {};
  for (const [key, value] of Object.entries(file.config)) tree[key.replace("wikiferry:", "")] = value;
  merge(tree, structuredClone(exampleSecrets));
  if (stack === "staging")
    merge(tree, { hosts: { web: { hostKey }, database: { hostKey }, files: { hostKey } } });
  for (const [name, value] of Object.entries(changes)) put(tree, name.split("."), value);
  return Object.fromEntries(
    Object.entries(tree)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => [
        `wikiferry:${key}`,
        typeof value === "object" ? JSON.stringify(value) : String(value),
      ]),
  );
}

/** The config of `Pulumi.<stack>.yaml`, completed with example secrets. */
export const stackConfig = (stack: StackName, changes: Tree = {}): MediaWikiConfig =>
  readConfig(schema, rawConfig(stack, changes));

function put(tree: Tree, [first, ...rest]: string[], value: unknown): void {
  const name = first as string;
  if (rest.length === 0) tree[name] = value;
  else {
    tree[name] ??= {};
    put(tree[name] as Tree, rest, value);
  }
}

function merge(into: Tree, from: Tree): void {
  for (const [key, value] of Object.entries(from)) {
    const there = into[key];
    if (value !== null && typeof value === "object" && there !== null && typeof there === "object") {
      merge(there as Tree, value as Tree);
    } else into[key] = value;
  }
}
