import * as pulumi from "@pulumi/pulumi";
import { WikiferryError } from "../../engine/errors";
import type { MediaWikiConfig } from "./config";
import { blueHosts } from "./spec";

const onEngine = /^docker:index\/(container:Container|volume:Volume|network:Network)$/;
const loopback = /^(localhost|127\.\d+\.\d+\.\d+|::1)$/;

/**
 * Labels everything that the program creates on a Docker engine with the rehearsal's id, if the stack is a rehearsal's.
 * Call it before the first resource is created.
 * @throws `CONFIG_COMBINATION` where a stack that can't be a rehearsal's has such an id, for example because its config
 * was copied
 */
export function labelRehearsal(
  config: Pick<MediaWikiConfig, "rehearsal" | "hosts" | "blue" | "green">,
): void {
  const { id } = config.rehearsal;
  if (id === undefined) return;
  const places = Object.entries(blueHosts(config)).map(([service, { host }]) => [
    `blue.${service}.host`,
    host,
  ]);
  const docker = config.green.docker.host;
  const remote =
    places.find(([, host]) => !loopback.test(host as string)) ??
    (docker === undefined ? undefined : ["green.docker.host", docker]);
  if (remote) {
    throw new WikiferryError(
      "CONFIG_COMBINATION",
      `rehearsal.id is ${id}, by which \`npm run clean\` would remove this stack's new side, and ${remote[0]} is ${remote[1]}, which is not a rehearsal's`,
      "pulumi config rm --path rehearsal.id",
    );
  }
  pulumi.runtime.registerStackTransformation(({ type, props, opts }) => {
    if (!onEngine.test(type)) return undefined;
    const labels = [...(props.labels ?? []), { label: "wikiferry.rehearsal", value: id }];
    return { props: { ...props, labels }, opts };
  });
}
