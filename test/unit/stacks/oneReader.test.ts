import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { Config as ProviderConfig } from "@pulumi/pulumi/cmd/dynamic-provider/config";
import type { Secrets } from "../../../engine/move";
import { readWikiConfig } from "../../../scripts/common/stackConfig";
import { readConfig } from "../../../stacks/common/config/read";
import { schema } from "../../../stacks/mediawiki/config";
import { secretsOf } from "../../../stacks/mediawiki/spec";
import { credentialsFrom } from "../../../stacks/provider";
import { rawConfig } from "../../support/stackConfig";

type Raw = Record<string, string>;

/** The secrets as the program, a dynamic provider and the scripts get them, each by the way that Pulumi hands a config to it. */
const readers: Record<string, (raw: Raw) => Secrets | Promise<Secrets>> = {
  program: (raw) => secretsOf(readConfig(schema, raw), process.cwd()),
  provider: (raw) => credentialsFrom(new ProviderConfig(raw, "wikiferry")) as Secrets,
  scripts: async (raw) => (await readWikiConfig({ run: async () => printed(raw) })).secrets,
};

/** What `pulumi config --json --show-secrets` prints. */
function printed(raw: Raw) {
  const entries = Object.entries(raw).map(([key, value]) => [
    key.replace("wikiferry:", ""),
    value.startsWith("{") ? { value, objectValue: JSON.parse(value) } : { value },
  ]);
  return { exitCode: 0, output: JSON.stringify(Object.fromEntries(entries)), ms: 1 };
}

/** The same config with every nested key as a key of its own, as `pulumi config set` without `--path` writes it. */
function flat(raw: Raw): Raw {
  const keys: Raw = {};
  const walk = (name: string, value: unknown) => {
    if (typeof value !== "object" || value === null) keys[name] = String(value);
    else for (const [child, inner] of Object.entries(value)) walk(`${name}.${child}`, inner);
  };
  for (const [key, value] of Object.entries(raw))
    walk(key, value.startsWith("{") ? JSON.parse(value) : value);
  return keys;
}

const directory = mkdtempSync(join(tmpdir(), "wikiferry-reader-"));
const keyFile = join(directory, "operator");
writeFileSync(keyFile, "a private key\n");
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const nested = rawConfig("prod");
const wanted = {
  sshPrivateKey: "private-key",
  blueAdminPassword: "example-admin-password",
  appPassword: "example-app-password",
  wikiSecretKey: "example-secret-key",
  masterSecret: "9c1f7ab2e40d63588b7e25f0d1a94c36",
};
const withKeyFile = (file: string) => ({
  ...nested,
  "wikiferry:ssh": JSON.stringify({ privateKeyFile: file }),
});

describe.each(Object.keys(readers))("the %s", (name) => {
  const read = readers[name] as (typeof readers)[string];

  test("reads nested keys", async () => expect(await read(nested)).toEqual(wanted));

  test("reads flat keys", async () => expect(await read(flat(nested))).toEqual(wanted));

  test("reads a flat key beside nested ones", async () => {
    const { appPassword, ...wiki } = JSON.parse(nested["wikiferry:wiki"] as string);
    const mixed = {
      ...nested,
      "wikiferry:wiki": JSON.stringify(wiki),
      "wikiferry:wiki.appPassword": appPassword,
    };
    expect(await read(mixed)).toEqual(wanted);
  });

  test("reads a host's flat key beside nested ones", async () => {
    const hosts = JSON.parse(nested["wikiferry:hosts"] as string);
    const { hostKey, ...db } = hosts.db;
    const mixed = {
      ...nested,
      "wikiferry:hosts": JSON.stringify({ ...hosts, db }),
      "wikiferry:hosts.db.hostKey": hostKey,
    };
    expect(await read(mixed)).toEqual(wanted);
  });

  test("reads a key file, relative to the project's folder or absolute", async () => {
    for (const file of [relative(process.cwd(), keyFile), keyFile])
      expect(await read(withKeyFile(file))).toEqual({ ...wanted, sshPrivateKey: "a private key\n" });
  });

  test("refuses a key file that is not there, by its key", async () => {
    await expect(async () => await read(withKeyFile("no/such/file"))).rejects.toThrow(
      /^CONFIG_VALUE: ssh\.privateKeyFile is "no\/such\/file", which can't be read/,
    );
  });

  test("refuses a key that is set twice, whichever comes first", async () => {
    const twice = { ...nested, "wikiferry:wiki.appPassword": "another" };
    for (const raw of [twice, Object.fromEntries(Object.entries(twice).reverse())])
      await expect(async () => await read(raw)).rejects.toThrow(
        "CONFIG_VALUE: wiki.appPassword is set twice, as a key of its own and within wiki. pulumi config rm wiki.appPassword, or pulumi config rm --path wiki.appPassword",
      );
  });
});
