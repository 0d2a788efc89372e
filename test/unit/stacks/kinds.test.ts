import { type Kind, type Kinds, readStack, readStackBy } from "../../../stacks/common/kind";
import { kinds } from "../../../stacks/kinds";
import { rawConfig } from "../../support/stackConfig";

const other: Kind = {
  keys: kinds.mediawiki?.keys ?? {},
  program: async () => ({}),
  credentials: () => "its own",
};
const two: Kinds = { ...kinds, other };

test("a stack without a kind moves a MediaWiki", () => {
  expect(readStack(kinds, rawConfig("staging")).kind).toBe(kinds.mediawiki);
});

test("the kind of a stack is the one that its config names, for the program and for its providers", () => {
  const raw = rawConfig("staging", { kind: "other" });
  expect(readStack(two, raw).kind).toBe(other);
  expect(readStackBy(two, (name) => raw[`wikiferry:${name}`]).kind).toBe(other);
});

test("a kind that there is not is refused, with those that there are", () => {
  expect(() => readStack(two, rawConfig("staging", { kind: "blog" }))).toThrow(
    'CONFIG_VALUE: kind is "blog" and must be one of mediawiki, other. pulumi config set kind VALUE',
  );
});
