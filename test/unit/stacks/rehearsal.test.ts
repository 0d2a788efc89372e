import { labelRehearsal } from "../../../stacks/mediawiki/rehearsal";
import { stackConfig } from "../../support/stackConfig";

const id = { "rehearsal.id": "main-0123" };

test("a stack with hosts of its own is no rehearsal's, whatever its config says", () => {
  expect(() => labelRehearsal(stackConfig("prod", id))).toThrow(
    /^CONFIG_COMBINATION: rehearsal\.id is main-0123, .*blue\.web\.host is web\.example\.org.* pulumi config rm --path rehearsal\.id/,
  );
  const remote = stackConfig("staging", { ...id, "green.docker.host": "new" });
  expect(() => labelRehearsal(remote)).toThrow(/green\.docker\.host is new, which is not a rehearsal's/);
});
