import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

/** Secrets and keys that a stack file of the repository leaves out, as a user would set them. */
export const exampleSecrets = {
  masterSecret: "9c1f7ab2e40d63588b7e25f0d1a94c36",
  wiki: { appPassword: "example-app-password", secretKey: "example-secret-key" },
  ssh: { privateKeyFile: "", privateKey: "private-key" },
  blue: { database: { adminPassword: "example-admin-password" } },
};

const hostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHBsYWNlaG9sZGVyLWtleQ==";

/** What Pulumi would hand to a program for `Pulumi.<stack>.yaml`, completed with example secrets. */
export function rawConfig(stack: "staging" | "prod", changes: Record<string, string | number> = {}) {
  const file = parse(readFileSync(join(__dirname, "../..", `Pulumi.${stack}.yaml`), "utf8")) as {
    config: Record<string, unknown>;
  };
  const nested: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(file.config)) nested[key.replace("wikiferry:", "")] = value;
  merge(nested, exampleSecrets);
  if (stack === "staging") {
    merge(nested, {
      blue: { web: { hostKey }, database: { hostKey }, files: { hostKey } },
    });
  }
  const raw: Record<string, string> = {};
  for (const [key, value] of Object.entries({ ...nested, ...changes })) {
    raw[`wikiferry:${key}`] = typeof value === "object" ? JSON.stringify(value) : String(value);
  }
  return raw;
}

/** The same with changes as `pulumi config set --path KEY VALUE` makes them. */
export function changedConfig(
  stack: "staging" | "prod",
  changes: Record<string, string | number | boolean>,
): Record<string, string> {
  const raw = rawConfig(stack);
  for (const [key, value] of Object.entries(changes)) {
    const [section, ...path] = key.split(".") as [string, ...string[]];
    const name = `wikiferry:${section}`;
    if (path.length === 0) raw[name] = String(value);
    else {
      const tree = JSON.parse(raw[name] ?? "{}") as Record<string, unknown>;
      merge(tree, path.reduceRight<unknown>((inner, step) => ({ [step]: inner }), value) as object);
      raw[name] = JSON.stringify(tree);
    }
  }
  return raw;
}

function merge(into: Record<string, unknown>, from: object): void {
  for (const [key, value] of Object.entries(from)) {
    const there = into[key];
    if (value !== null && typeof value === "object" && there !== null && typeof there === "object") {
      merge(there as Record<string, unknown>, value as Record<string, unknown>);
    } else into[key] = value;
  }
}
