import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { documents } from "../../../stacks/common/document";
import { kinds } from "../../../stacks/kinds";

const root = join(__dirname, "../../..");
const read = (path: string) => readFileSync(join(root, path), "utf8");

test.each(Object.entries(documents(kinds)))("%s is as the schema has it: npm run document", (path, text) => {
  expect(read(path)).toBe(text);
});

type Config = Record<string, unknown>;

describe("the schema for editors", () => {
  const { config: schema } = JSON.parse(read("docs/config/mediawiki.schema.json")).properties;
  const check = z.fromJSONSchema(schema);
  const file = (stack: string, changes: Config = {}) => {
    const { config } = parse(read(`Pulumi.${stack}.yaml`)) as { config: Config };
    return check.safeParse({ ...config, ...changes }).success;
  };

  test("accepts the files of the project, also as Pulumi writes numbers, flags and secrets", () => {
    expect(file("prod")).toBe(true);
    expect(file("prod", { "wikiferry:canary": "10", "wikiferry:masterSecret": { secure: "v1:abc" } })).toBe(
      true,
    );
    expect(file("prod", { "wikiferry:adopt": { allowRestart: "true" } })).toBe(true);
    expect(file("prod", { "docker:host": "ssh://x", "wikiferry:files.keepDays": "3" })).toBe(true);
  });

  test.each<[string, Config]>([
    ["a key that is none", { "wikiferry:phaze": "sync" }],
    ["a key that is none in its section", { "wikiferry:adopt": { allowRestarts: true } }],
    ["a number out of bounds", { "wikiferry:cutover": { lagStableMs: 1 } }],
    ["a value that is none of those that may be", { "wikiferry:phase": "sink" }],
    ["a host without its key", { "wikiferry:hosts": { old: { host: "old.example.org" } } }],
  ])("marks %s", (_what, changes) => expect(file("prod", changes)).toBe(false));
});
