import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { WikiferryError } from "../../../engine/errors";
import { keysOf } from "../../../stacks/common/config/keys";
import { readConfig, refusePlainSecrets } from "../../../stacks/common/config/read";
import { weaknessOf } from "../../../stacks/common/config/strength";
import { schema } from "../../../stacks/mediawiki/config";
import { cloudflareOf } from "../../../stacks/mediawiki/edge";
import { moveSpec } from "../../../stacks/mediawiki/spec";
import { stackConfig as config, rawConfig } from "../../support/stackConfig";

const root = join(__dirname, "../../..");

function refusal(read: () => unknown): WikiferryError {
  try {
    read();
  } catch (error) {
    if (error instanceof WikiferryError) return error;
    throw error;
  }
  throw new Error("the config was accepted");
}

test.each(["staging", "prod"] as const)(
  "Pulumi.%s.yaml is a valid config once its secrets are set",
  (stack) => {
    expect(config(stack).wiki.database).toBe("wikidb");
    expect(moveSpec(config(stack)).blue.files.directory).toBe("/srv/uploads");
  },
);

test("numbers and flags may come as text, and texts as numbers", () => {
  const read = config("staging", { adopt: { allowRestart: "false" }, canary: "7", "wiki.sitename": 2026 });
  expect(read.adopt.allowRestart).toBe(false);
  expect(read.canary).toBe(7);
  expect(read.wiki.sitename).toBe("2026");
});

test("what is not set has its default, and an optional key that is empty is not set", () => {
  const read = config("staging", { gate: {}, "wiki.settingsFile": "", "gate.renew": null });
  expect(read.gate.httpPort).toBe(8080);
  expect(read.gate.renew).toBe(false);
  expect(read.wiki.settingsFile).toBeUndefined();
  expect(read.tuning.cutover.attemptMs).toBe(8000);
});

test("keys of other projects are left alone", () => {
  expect(readConfig(schema, { ...rawConfig("staging"), "docker:host": "x" }).phase).toBe("prepare");
});

test.each([
  [{ phaze: "sync" }, "phaze", "pulumi config rm phaze); did you mean phase?"],
  [
    { "wiki.sitenam": "x" },
    "wiki.sitenam",
    "pulumi config rm --path wiki.sitenam); did you mean wiki.sitename?",
  ],
  [
    { "cutover.attemptMs": 1 },
    "cutover.attemptMs",
    "pulumi config rm --path cutover.attemptMs); did you mean tuning.cutover.attemptMs?",
  ],
  [
    { "hosts.web.hostkey": "x" },
    "hosts.web.hostkey",
    "pulumi config rm --path hosts.web.hostkey); did you mean hosts.web.hostKey?",
  ],
  [{ zzzzzz: 1 }, "zzzzzz", "pulumi config rm zzzzzz)"],
])("%j is refused, with the nearest key", (changes, name, remedy) => {
  expect(refusal(() => config("staging", changes)).message).toBe(
    `CONFIG_UNKNOWN_KEY: the stack's config has ${name}, which is not a key. Remove it (${remedy}`,
  );
});

test("a value where keys of their own belong is refused", () => {
  expect(refusal(() => config("staging", { adopt: "yes" })).message).toBe(
    'CONFIG_VALUE: adopt is "yes", and it has keys of its own, such as adopt.allowRestart. pulumi config rm adopt, then pulumi config set --path adopt.allowRestart VALUE',
  );
});

test("a missing key is refused, with what it is and how to set it", () => {
  const error = refusal(() => config("staging", { masterSecret: undefined }));
  expect(error.message).toBe(
    "CONFIG_MISSING_KEY: masterSecret is not set (At least 32 random characters. Green's passwords are derived from it.). openssl rand -hex 32 | pulumi config set --path --secret masterSecret",
  );
});

test("missing keys are named together, also where their section is missing", () => {
  const error = refusal(() =>
    config("staging", { masterSecret: undefined, wiki: undefined, "hosts.old": {} }),
  );
  expect(error.code).toBe("CONFIG_MISSING_KEY");
  expect(error.found).toBe(
    "masterSecret, wiki.database, wiki.appUser, wiki.appPassword, wiki.secretKey and wiki.serverUrl are not set",
  );
  expect(error.remedy).toContain("; pulumi config set --path --secret wiki.appPassword; ");
  expect(refusal(() => config("staging", { "hosts.old": { user: "me" } })).found).toBe(
    "hosts.old.host and hosts.old.hostKey are not set",
  );
});

test.each([
  ["canary", 140, 'canary is "140" and must be at most 100'],
  ["canary", -1, 'canary is "-1" and must be at least 0'],
  ["canary", "1.5", 'canary is "1.5" and must be a whole number'],
  ["phase", "sink", 'phase is "sink" and must be one of prepare, sync, switch, retire'],
  ["kind", "blog", 'kind is "blog" and must be one of mediawiki'],
  ["cutover.lagStableMs", 100, "cutover.lagStableMs is 100 and must be at least 8000"],
  ["tuning.gate.holdMs", "soon", 'tuning.gate.holdMs is "soon" and must be a whole number'],
  ["edge.proxied", "maybe", 'edge.proxied is "maybe" and must be true or false'],
  ["wiki.sitename", ["a"], 'wiki.sitename is ["a"] and must be a text'],
  ["wiki.apiPath", "api", 'wiki.apiPath is "api" and must look like `/api.php`'],
  ["hosts.web.port", 0, "hosts.web.port is 0 and must be at least 1"],
])("%s = %j is refused with what was found", (key, value, found) => {
  const error = refusal(() => config("staging", { [key]: value }));
  expect(error.code).toBe("CONFIG_VALUE");
  expect(error.found).toBe(found);
  expect(error.remedy).toBe(`pulumi config set --path ${key} VALUE`);
});

test("a host's name has a form", () => {
  const named = { Web1: { host: "a", hostKey: "ssh-ed25519 AAAA" } };
  expect(refusal(() => config("staging", { hosts: named })).message).toBe(
    "CONFIG_VALUE: hosts.Web1 must be named by lower-case letters, digits and dashes. pulumi config rm --path hosts.Web1, and give it another name",
  );
});

test("a host's name reaches nothing but the config", () => {
  const raw = { ...rawConfig("staging"), "wikiferry:hosts.__proto__.user": "me" };
  expect(Object.keys(readConfig(schema, raw).hosts)).toEqual(["web", "database", "files"]);
  expect(({} as { user?: string }).user).toBeUndefined();
});

test("a wrong secret is refused without being shown, and its remedy puts none on a command line", () => {
  expect(refusal(() => config("staging", { masterSecret: "too-short-a-secret" })).message).toBe(
    "CONFIG_WEAK_SECRET: masterSecret must have at least 32 characters. openssl rand -hex 32 | pulumi config set --path --secret masterSecret",
  );
  expect(refusal(() => config("staging", { "wiki.secretKey": "" })).message).toBe(
    "CONFIG_VALUE: wiki.secretKey is a secret value and must not be empty. pulumi config set --path --secret wiki.secretKey",
  );
});

test("a secret in plain text is refused, whichever way it is set", () => {
  const { "wikiferry:edge": _, ...raw } = rawConfig("prod");
  const encrypted = new Set(Object.keys(raw));
  const check = (more = {}) => refusePlainSecrets(schema, { ...raw, ...more }, (key) => encrypted.has(key));
  expect(() => check({ "wikiferry:edge.kind": "none" })).not.toThrow();
  expect(() => check({ "wikiferry:edge.apiToken": "token" })).toThrow(
    "CONFIG_WEAK_SECRET: edge.apiToken is in the stack's file in plain text. pulumi config set --path --secret edge.apiToken",
  );
  encrypted.delete("wikiferry:wiki");
  expect(() => check()).toThrow(/^CONFIG_WEAK_SECRET: wiki\.appPassword is in/);
});

test.each([
  ["fedcba9876543210fedcba9876543210", "repeats itself"],
  ["xK3!xK3!xK3!xK3!xK3!xK3!xK3!xK3!", "has fewer than 8 different characters"],
  ["9c1f7ab2e40d63588b7e25f0d1a947777777c", "counts or repeats one character"],
  ["correct-horse-battery-staple-2026", "reads as words"],
  ["mywikiisthebestwikiintheworld2026", "reads as words"],
])("the master secret %s is refused: %s", (masterSecret, why) => {
  expect(refusal(() => config("staging", { masterSecret }))).toMatchObject({
    code: "CONFIG_WEAK_SECRET",
    found: `masterSecret ${why}`,
  });
});

test("what comes from a random source is accepted, in hexadecimal digits and in Base64", () => {
  for (let turn = 0; turn < 2_000; turn++) {
    // Always the same ones: of a million, some look as if they were typed.
    const bytes = createHash("sha256").update(`${turn}`).digest();
    for (const text of [bytes.toString("hex"), bytes.toString("base64")])
      expect([text, weaknessOf(text)]).toEqual([text, undefined]);
  }
});

describe("hosts", () => {
  const hostKey = "ssh-ed25519 AAAA";
  const specOf = (changes: object) => moveSpec(config("staging", { ...changes }));
  const noNames = {
    "blue.web.host": undefined,
    "blue.database.host": undefined,
    "blue.files.host": undefined,
  };

  test("the new host is one of them, with its own user and port", () => {
    const hosts = { "hosts.new": { host: "green.example.org", port: 2222, user: "me", hostKey } };
    expect(specOf({ ...hosts, "green.docker.host": "new" }).gate.dockerVia).toEqual({
      host: "green.example.org",
      port: 2222,
      user: "me",
      hostKey,
    });
  });

  test("one alone serves all of blue", () => {
    const old = { host: "old.example.org", hostKey };
    const green = { host: "green.example.org", hostKey };
    for (const changes of [{ hosts: { old } }, { hosts: { green, old }, "green.docker.host": "green" }]) {
      const { blue } = specOf({ ...changes, ...noNames });
      const hosts = [blue.web.ssh, blue.database.ssh, blue.files.ssh].map(({ host }) => host);
      expect(hosts).toEqual(Array(3).fill("old.example.org"));
    }
  });

  test("of several each service names its own", () => {
    expect(refusal(() => specOf(noNames)).message).toBe(
      "CONFIG_MISSING_KEY: blue.web.host is not set, and hosts has web, database, files. pulumi config set --path blue.web.host web, or another of them",
    );
    expect(refusal(() => specOf({ ...noNames, hosts: undefined })).message).toMatch(
      /^CONFIG_MISSING_KEY: blue\.web\.host is not set, and hosts has no host for it\. Name one under hosts:/,
    );
  });

  test("a name that none has is refused, with the nearest", () => {
    expect(refusal(() => specOf({ "blue.files.host": "file" })).message).toBe(
      'CONFIG_VALUE: blue.files.host is "file", and hosts has web, database, files. pulumi config set --path blue.files.host files',
    );
    expect(refusal(() => specOf({ "green.docker.host": "new.example.org" })).found).toBe(
      'green.docker.host is "new.example.org", and hosts has web, database, files',
    );
  });
});

test("Cloudflare needs all of its keys, and no other edge does", () => {
  const without = { "edge.zoneId": undefined, "edge.apiToken": "" };
  const error = refusal(() => config("prod", without));
  expect(error.message).toBe(
    "CONFIG_MISSING_KEY: edge.zoneId and edge.apiToken are not set. pulumi config set --path edge.zoneId VALUE; pulumi config set --path --secret edge.apiToken",
  );
  expect(cloudflareOf(config("prod", { ...without, "edge.kind": "none" }).edge)).toBeUndefined();
  expect(Object.keys(cloudflareOf(config("prod").edge) ?? {}).sort()).toEqual([
    "apiToken",
    "proxied",
    "record",
    "target",
    "zoneId",
  ]);
});

test("every key says what it is for, and every number that counts something in which unit", () => {
  const keys = keysOf(schema);
  expect(keys.length).toBeGreaterThan(90);
  for (const { name, description } of keys)
    expect([name, description]).toEqual([name, expect.stringMatching(/^[\w$].*\.$/s)]);
  const units = { Ms: "milliseconds", Seconds: "seconds", Days: "days", BytesPerSecond: "bytes per second" };
  for (const [ending, unit] of Object.entries(units)) {
    const counted = keys.filter(({ name }) => name.endsWith(ending));
    expect(counted.length).toBeGreaterThan(0);
    expect(counted.filter((key) => key.unit !== unit).map(({ name }) => name)).toEqual([]);
  }
});

test("the examples put no secret on a command line", () => {
  for (const name of ["README.md", "Pulumi.prod.yaml"]) {
    const lines = readFileSync(join(root, name), "utf8").split("\n");
    const setting = lines.filter((line) => /config set .*--secret/.test(line) && !line.includes("`"));
    expect(setting.length).toBeGreaterThan(2);
    for (const line of setting) expect(line).toMatch(/--secret [A-Za-z.]+$/);
  }
});
