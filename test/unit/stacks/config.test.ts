import { readFileSync } from "node:fs";
import { join } from "node:path";
import { WikiferryError } from "../../../engine/errors";
import { keyTable, projectFile } from "../../../stacks/config/document";
import { readConfig } from "../../../stacks/config/read";
import { rawConfig } from "../../support/stackConfig";

function refusal(raw: Record<string, string>): WikiferryError {
  try {
    readConfig(raw);
  } catch (error) {
    if (error instanceof WikiferryError) return error;
    throw error;
  }
  throw new Error("the config was taken");
}

test.each(["staging", "prod"] as const)(
  "Pulumi.%s.yaml is a valid config once its secrets are set",
  (stack) => {
    expect(readConfig(rawConfig(stack))["wiki.database"]).toBe("wikidb");
  },
);

test("nested, dotted and textual values are the same keys", () => {
  const raw = rawConfig("staging", { "adopt.allowRestart": "false", canary: "7" });
  delete raw["wikiferry:adopt"];
  const config = readConfig(raw);
  expect(config["adopt.allowRestart"]).toBe(false);
  expect(config.canary).toBe(7);
  expect(config["gate.httpPort"]).toBe(8080);
});

test("keys of other projects are left alone", () => {
  expect(readConfig({ ...rawConfig("staging"), "docker:host": "x" }).phase).toBe("prepare");
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
  expect(error.message).toContain("pulumi config set --path --secret masterSecret VALUE");
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

test("a wrong secret is refused without being shown", () => {
  const error = refusal(rawConfig("staging", { masterSecret: "too-short-a-secret" }));
  expect(error.message).toBe(
    "CONFIG_VALUE: masterSecret is a secret value and must have at least 32 characters. pulumi config set --path --secret masterSecret VALUE",
  );
});

test("Pulumi.yaml and the README describe the keys as they are", () => {
  const root = join(__dirname, "../../..");
  expect(readFileSync(join(root, "Pulumi.yaml"), "utf8")).toBe(projectFile());
  expect(readFileSync(join(root, "README.md"), "utf8")).toContain(keyTable());
});
