import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { WikiferryError } from "../../../engine/errors";
import { keyTable, projectFile } from "../../../stacks/common/config/document";
import { readConfig } from "../../../stacks/common/config/read";
import { weaknessOf } from "../../../stacks/common/config/strength";
import { keys } from "../../../stacks/mediawiki/config";
import { moveSpec } from "../../../stacks/mediawiki/spec";
import { rawConfig } from "../../support/stackConfig";

const root = join(__dirname, "../../..");

function refusal(raw: Record<string, string>): WikiferryError {
  try {
    readConfig(keys, raw);
  } catch (error) {
    if (error instanceof WikiferryError) return error;
    throw error;
  }
  throw new Error("the config was taken");
}

test.each(["staging", "prod"] as const)(
  "Pulumi.%s.yaml is a valid config once its secrets are set",
  (stack) => {
    expect(readConfig(keys, rawConfig(stack))["wiki.database"]).toBe("wikidb");
  },
);

test("nested, dotted and textual values are the same keys", () => {
  const raw = rawConfig("staging", { "adopt.allowRestart": "false", canary: "7" });
  delete raw["wikiferry:adopt"];
  const config = readConfig(keys, raw);
  expect(config["adopt.allowRestart"]).toBe(false);
  expect(config.canary).toBe(7);
  expect(config["gate.httpPort"]).toBe(8080);
});

test("keys of other projects are left alone", () => {
  expect(readConfig(keys, { ...rawConfig("staging"), "docker:host": "x" }).phase).toBe("prepare");
});

test("an unknown key is refused, with the nearest one", () => {
  const error = refusal(rawConfig("staging", { phaze: "sync" }));
  expect(error.message).toBe(
    "CONFIG_UNKNOWN_KEY: the stack's config has phaze, which is not a key. Remove it (pulumi config rm --path phaze); did you mean phase?",
  );
});

test("a missing key is refused, with what it is and how to set it", () => {
  const raw = rawConfig("staging");
  delete raw["wikiferry:masterSecret"];
  const error = refusal(raw);
  expect(error.code).toBe("CONFIG_MISSING_KEY");
  expect(error.message).toContain("openssl rand -hex 32 | pulumi config set --path --secret masterSecret");
});

test.each([
  ["canary", 140, 'canary is "140" and must be at most 100'],
  ["canary", -1, 'canary is "-1" and must be at least 0'],
  ["phase", "sink", 'phase is "sink" and must be one of prepare, sync, switch, retire'],
  ["cutover.lagStableMs", 100, 'cutover.lagStableMs is "100" and must be at least 8000'],
])("%s = %s is refused with what was found", (key, value, found) => {
  const raw = rawConfig("staging", { [key]: value });
  delete raw["wikiferry:cutover"];
  const error = refusal(raw);
  expect(error.code).toBe("CONFIG_VALUE");
  expect(error.found).toBe(found);
});

test("a wrong secret is refused without being shown, and its remedy puts none on a command line", () => {
  const error = refusal(rawConfig("staging", { masterSecret: "too-short-a-secret" }));
  expect(error.message).toBe(
    "CONFIG_WEAK_SECRET: masterSecret must have at least 32 characters. openssl rand -hex 32 | pulumi config set --path --secret masterSecret",
  );
  const raw = rawConfig("staging");
  raw["wikiferry:wiki"] = JSON.stringify({ ...JSON.parse(raw["wikiferry:wiki"] ?? ""), secretKey: "" });
  expect(refusal(raw).message).toBe(
    "CONFIG_VALUE: wiki.secretKey is a secret value and must not be empty. pulumi config set --path --secret wiki.secretKey",
  );
});

test.each([
  ["fedcba9876543210fedcba9876543210", "repeats itself"],
  ["xK3!xK3!xK3!xK3!xK3!xK3!xK3!xK3!", "has fewer than 8 different characters"],
  ["9c1f7ab2e40d63588b7e25f0d1a947777777c", "counts or repeats one character"],
  ["correct-horse-battery-staple-2026", "reads as words"],
  ["mywikiisthebestwikiintheworld2026", "reads as words"],
])("the master secret %s is refused: %s", (masterSecret, why) => {
  expect(refusal(rawConfig("staging", { masterSecret }))).toMatchObject({
    code: "CONFIG_WEAK_SECRET",
    found: `masterSecret ${why}`,
  });
});

test("what comes from a random source is taken, in hexadecimal digits and in Base64", () => {
  for (let turn = 0; turn < 2_000; turn++) {
    // Always the same ones: of a million, some look as if they were typed.
    const bytes = createHash("sha256").update(`${turn}`).digest();
    for (const text of [bytes.toString("hex"), bytes.toString("base64")])
      expect([text, weaknessOf(text)]).toEqual([text, undefined]);
  }
});

test("a Docker host by SSH needs its host key", () => {
  const docker = { host: "ssh://root@green.example.org:2222" };
  const specOf = (green: object) =>
    moveSpec(readConfig(keys, rawConfig("staging", { "green.docker": JSON.stringify(green) })));
  expect(() => specOf(docker)).toThrow(/^CONFIG_MISSING_KEY: green.docker.hostKey is not set/);
  expect(specOf({ ...docker, hostKey: "ssh-ed25519 AAAA" }).gate.dockerVia).toMatchObject({
    port: 2222,
    hostKey: "ssh-ed25519 AAAA",
  });
});

test("the examples put no secret on a command line", () => {
  for (const name of ["README.md", "Pulumi.prod.yaml"]) {
    const lines = readFileSync(join(root, name), "utf8").split("\n");
    const setting = lines.filter((line) => /config set .*--secret/.test(line) && !line.includes("`"));
    expect(setting.length).toBeGreaterThan(2);
    for (const line of setting) expect(line).toMatch(/--secret [A-Za-z.]+$/);
  }
});

test("Pulumi.yaml and docs/config/mediawiki.md describe the keys as they are: npm run document", () => {
  expect(readFileSync(join(root, "Pulumi.yaml"), "utf8")).toBe(projectFile(keys));
  expect(readFileSync(join(root, "docs/config/mediawiki.md"), "utf8")).toContain(keyTable(keys));
});
