import { readConfig } from "../../../stacks/common/config/read";
import { keys } from "../../../stacks/mediawiki/config";
import { labelRehearsal } from "../../../stacks/mediawiki/rehearsal";
import { rawConfig } from "../../support/stackConfig";

const config = (stack: "staging" | "prod", changes: Record<string, string> = {}) =>
  readConfig(keys, rawConfig(stack, { "rehearsal.id": "main-0123", ...changes }));

test("a stack with hosts of its own is no rehearsal's, whatever its config says", () => {
  expect(() => labelRehearsal(config("prod"))).toThrow(
    /^CONFIG_COMBINATION: rehearsal\.id is main-0123, .*blue\.web\.host is web\.example\.org.* pulumi config rm --path rehearsal\.id/,
  );
  const remote = { ...config("staging"), "green.docker.host": "ssh://root@green.example.org" };
  expect(() => labelRehearsal(remote)).toThrow(/green\.docker\.host is ssh:/);
});
