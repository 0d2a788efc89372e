import { z } from "zod";
import { commonShape } from "../../../stacks/common/config/common";
import { integer, section, text } from "../../../stacks/common/config/schema";
import { type Kind, type Kinds, readStack, readStackBy } from "../../../stacks/common/kind";
import { kinds } from "../../../stacks/kinds";
import { rawConfig } from "../../support/stackConfig";

const schema = z.strictObject({
  ...commonShape,
  directory: section("What is moved.", { path: text("Where it is."), files: integer("How many.", 1, 9) }),
});

const other: Kind<z.output<typeof schema>> = {
  title: "a directory",
  schema,
  program: async ({ directory }) => ({ moved: directory.path }),
  credentials: ({ masterSecret }) => masterSecret,
};
const two: Kinds = { ...kinds, other };

const masterSecret = "9c1f7ab2e40d63588b7e25f0d1a94c36";
const raw = {
  "wikiferry:kind": "other",
  "wikiferry:name": "data",
  "wikiferry:masterSecret": masterSecret,
  "wikiferry:directory": '{"path":"/srv/data"}',
  "wikiferry:directory.files": "3",
};

test("a stack without a kind moves a MediaWiki", () => {
  expect(readStack(kinds, rawConfig("staging")).kind).toBe(kinds.mediawiki);
});

test("the kind of a stack is the one that its config names, with keys of its own", async () => {
  const { kind, config } = readStack(two, raw);
  expect(config).toMatchObject({ phase: "prepare", directory: { path: "/srv/data", files: 3 } });
  expect(await kind.program(config, "/")).toEqual({ moved: "/srv/data" });
});

test("its providers read the same", () => {
  const { kind, config } = readStackBy(two, (name) => (raw as Record<string, string>)[`wikiferry:${name}`]);
  expect(config).toEqual(readStack(two, raw).config);
  expect(kind.credentials(config, "/")).toBe(masterSecret);
});

test("a key of another kind is unknown", () => {
  expect(() => readStack(two, { ...raw, "wikiferry:wiki": '{"database":"wikidb"}' })).toThrow(
    /^CONFIG_UNKNOWN_KEY: the stack's config has wiki\.database, which is not a key/,
  );
});

test("a kind that does not exist is refused, with those that do", () => {
  for (const kind of ["blog", "constructor", ""])
    expect(() => readStack(two, { ...raw, "wikiferry:kind": kind })).toThrow(
      `CONFIG_VALUE: kind is "${kind}" and must be one of mediawiki, other. pulumi config set kind VALUE`,
    );
});
