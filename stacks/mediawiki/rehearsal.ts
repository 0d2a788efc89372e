import * as pulumi from "@pulumi/pulumi";
import { WikiferryError } from "../../engine/errors";
import type { MediaWikiConfig } from "./config";

const onEngine = /^docker:index\/(container:Container|volume:Volume|network:Network)$/;
const loopback = /^(localhost|127\.\d+\.\d+\.\d+|::1)$/;

type RehearsalConfig = Pick<
  MediaWikiConfig,
  "rehearsal.id" | "green.docker.host" | "blue.web.host" | "blue.database.host" | "blue.files.host"
>;

/**
 * Labels all that the program makes on a Docker engine with the rehearsal's id, if the stack is one's. Called before
 * the first resource is made.
 *
 * @throws `CONFIG_COMBINATION` where a stack that can't be a rehearsal's has such an id, as one whose config was copied
 */
export function labelRehearsal(config: RehearsalConfig): void {
  const id = config["rehearsal.id"];
  if (id === "") return;
  const places = ["blue.web.host", "blue.database.host", "blue.files.host"] as const;
  const remote =
    places.find((key) => !loopback.test(config[key])) ??
    (config["green.docker.host"] === "" ? undefined : ("green.docker.host" as const));
  if (remote) {
    throw new WikiferryError(
      "CONFIG_COMBINATION",
      `rehearsal.id is ${id}, by which \`npm run clean\` would take this stack's new side away, and ${remote} is ${config[remote]}, which is no rehearsal's`,
      "pulumi config rm --path rehearsal.id",
    );
  }
  pulumi.runtime.registerStackTransformation(({ type, props, opts }) => {
    if (!onEngine.test(type)) return undefined;
    const labels = [...(props.labels ?? []), { label: "wikiferry.rehearsal", value: id }];
    return { props: { ...props, labels }, opts };
  });
}
