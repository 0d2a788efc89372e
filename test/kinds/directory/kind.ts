import { z } from "zod";
import { HandledResource } from "../../../components/dynamic/resource";
import { commonShape } from "../../../stacks/common/config/common";
import { oneOf, section, text } from "../../../stacks/common/config/schema";
import type { Kind } from "../../../stacks/common/kind";
import { ladderFor } from "../../../stacks/common/phase";
import { lifecycle } from "./handlers";
import type { DirectoryMove } from "./session";

const schema = z.strictObject({
  ...commonShape,
  kind: oneOf(["directory"], "What the stack moves."),
  directory: section("The directory that moves.", {
    blue: text("The old one, absolute."),
    green: text("The new one, absolute."),
    link: text("The symbolic link by which its files are reached."),
    control: text("Where the move keeps its records."),
  }),
});

type Config = z.output<typeof schema>;

export const moveOf = ({ name, directory }: Config): DirectoryMove => ({ name, ...directory });

/** A directory of files, switched by a symbolic link. Its owner publishes nothing during a flip. */
export const directory: Kind<Config> = {
  title: "a directory",
  schema,
  async program(config) {
    const { name, phase, active, canary, retire } = config;
    const ladder = ladderFor({ phase, active, canary }, name, retire.confirm);
    const move = moveOf(config);
    const spec = lifecycle.sliceFor("serving", move);
    const primary = new HandledResource("serving", "Serving", "serving", { spec, active });
    if (ladder.following)
      new HandledResource("content", "Content", "content", { spec }, { dependsOn: primary });
    return { link: move.link };
  },
  credentials: () => ({}),
  status: async (request) =>
    (await import("./status")).statusOf(request.stack, request.config, moveOf(request.config)),
};
