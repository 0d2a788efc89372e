import { readdirSync } from "node:fs";
import { z } from "zod";
import type { Call, ResourceType } from "../sdk/resource";
import { type DockerConfig, engine, follow, orGone, stringMap, strings } from "./engine";

const inputs = z.strictObject({
  name: z.string(),
  build: z
    .strictObject({
      context: z.string(),
      dockerfile: z.string().optional(),
      buildArgs: stringMap.optional(),
      labels: stringMap.optional(),
      label: stringMap.optional(),
      networkMode: z.string().optional(),
      noCache: z.boolean().optional(),
      pullParent: z.boolean().optional(),
      target: z.string().optional(),
      platform: z.string().optional(),
      tags: strings.optional(),
      extraHosts: strings.optional(),
      remove: z.boolean().optional(),
      forceRemove: z.boolean().optional(),
      memory: z.number().optional(),
      builder: z.string().optional(),
      useLegacyBuilder: z.boolean().optional(),
    })
    .optional(),
  forceRemove: z.boolean().optional(),
  keepLocally: z.boolean().optional(),
  platform: z.string().optional(),
  pullTriggers: strings.optional(),
  triggers: stringMap.optional(),
});

type Inputs = z.infer<typeof inputs>;

async function facts(config: DockerConfig, name: string) {
  const found = await orGone(engine(config).getImage(name).inspect());
  return found && { imageId: found.Id, repoDigest: found.RepoDigests?.[0] ?? "" };
}

async function build({ config }: Call<DockerConfig>, wanted: Inputs): Promise<void> {
  const { build: from } = wanted;
  if (!from) return;
  const docker = engine(config);
  const stream = await docker.buildImage(
    { context: from.context, src: readdirSync(from.context) },
    {
      t: wanted.name,
      ...(from.dockerfile && { dockerfile: from.dockerfile }),
      ...(from.buildArgs && { buildargs: from.buildArgs }),
      labels: { ...from.label, ...from.labels },
      ...(from.networkMode && { networkmode: from.networkMode }),
      ...(from.target && { target: from.target }),
      ...(from.platform && { platform: from.platform }),
      ...(from.extraHosts && { extrahosts: from.extraHosts.join(",") }),
      ...(from.memory && { memory: from.memory }),
      nocache: from.noCache ?? false,
      ...(from.pullParent && { pull: true }),
      rm: from.remove ?? true,
      forcerm: from.forceRemove ?? false,
    },
  );
  const printed: string[] = [];
  try {
    await follow(docker, stream, (line) => printed.push(line));
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : error}\n${printed.slice(-20).join("\n")}`, {
      cause: error,
    });
  }
  for (const other of from.tags ?? []) {
    const colon = other.lastIndexOf(":");
    const tagged = colon > other.lastIndexOf("/");
    const repo = tagged ? other.slice(0, colon) : other;
    await docker.getImage(wanted.name).tag({ repo, tag: tagged ? other.slice(colon + 1) : "latest" });
  }
}

/**
 * `docker:index/remoteImage:RemoteImage`: builds from a folder, or pulls where the engine has no image of that name.
 */
export const remoteImage: ResourceType<DockerConfig, Inputs> = {
  inputs,
  outputs: ["imageId", "repoDigest"],
  replaceOn: ["name", "build", "platform", "pullTriggers", "triggers"],

  async create(call, wanted) {
    const docker = engine(call.config);
    if (wanted.build) await build(call, wanted);
    else if (wanted.pullTriggers?.length || !(await facts(call.config, wanted.name))) {
      const options = { ...(wanted.platform && { platform: wanted.platform }) };
      await follow(docker, await docker.pull(wanted.name, { ...options }), call.log);
    }
    const found = await facts(call.config, wanted.name);
    if (!found) throw new Error(`the engine has no image ${wanted.name} after the build or pull`);
    return { id: `${found.imageId}${wanted.name}`, outputs: found };
  },

  async read({ config }, id, state) {
    const name = state.name ?? id.replace(/^sha256:[0-9a-f]{64}/, "");
    const found = await facts(config, name);
    return found && { ...state, name, ...found };
  },

  async update(_call, _id, state, wanted) {
    return { imageId: state.imageId, repoDigest: state.repoDigest, ...wanted };
  },

  async delete({ config }, _id, state) {
    if (state.keepLocally) return;
    await orGone(
      engine(config)
        .getImage(state.name)
        .remove({ force: state.forceRemove ?? false }),
    );
  },
};
