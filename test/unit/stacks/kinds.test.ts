import { type Kinds, readStack, readStackBy } from "../../../stacks/common/kind";
import { kinds } from "../../../stacks/kinds";
import { directory } from "../../kinds/directory/kind";
import { rawConfig } from "../../support/stackConfig";

const given = { blue: "/srv/old", green: "/srv/new", link: "/srv/site", control: "/srv/control" };
const two: Kinds = { ...kinds, directory };

const masterSecret = "9c1f7ab2e40d63588b7e25f0d1a94c36";
const raw = {
  "wikiferry:kind": "directory",
  "wikiferry:name": "data",
  "wikiferry:masterSecret": masterSecret,
  "wikiferry:directory": JSON.stringify({ ...given, link: undefined }),
  "wikiferry:directory.link": given.link,
};

test("a stack without a kind moves a MediaWiki", () => {
  expect(readStack(kinds, rawConfig("staging")).kind).toBe(kinds.mediawiki);
});

test("the kind of a stack is the one that its config names, with keys of its own", () => {
  const { kind, config } = readStack(two, raw);
  expect(kind).toBe(directory);
  expect(config).toMatchObject({ phase: "prepare", directory: given });
});

test("its providers read the same", () => {
  const { kind, config } = readStackBy(two, (name) => (raw as Record<string, string>)[`wikiferry:${name}`]);
  expect(config).toEqual(readStack(two, raw).config);
  expect(kind).toBe(directory);
});

test("a key of another kind is unknown", () => {
  expect(() => readStack(two, { ...raw, "wikiferry:wiki": '{"database":"wikidb"}' })).toThrow(
    /^CONFIG_UNKNOWN_KEY: the stack's config has wiki\.database, which is not a key/,
  );
});

test("a kind that does not exist is refused, with those that do", () => {
  for (const kind of ["blog", "constructor", ""])
    expect(() => readStack(two, { ...raw, "wikiferry:kind": kind })).toThrow(
      `CONFIG_VALUE: kind is "${kind}" and must be one of mediawiki, directory. pulumi config set kind VALUE`,
    );
});
