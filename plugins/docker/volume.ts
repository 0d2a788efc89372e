import { z } from "zod";
import type { ResourceType } from "../sdk/resource";
import { type DockerConfig, engine, labelMap, labelSchema, orGone, stringMap } from "./engine";

const inputs = z.strictObject({
  name: z.string().optional(),
  driver: z.string().optional(),
  driverOpts: stringMap.optional(),
  labels: labelSchema.optional(),
});

type Inputs = z.infer<typeof inputs>;

/** `docker:index/volume:Volume`. Like the vendor's, it takes over an existing volume of that name. */
export const volume: ResourceType<DockerConfig, Inputs> = {
  inputs,
  outputs: ["driver", "mountpoint"],
  replaceOn: Object.keys(inputs.shape),
  autoName: "name",

  async create({ config }, wanted) {
    const made = await engine(config).createVolume({
      Name: wanted.name ?? "",
      Driver: wanted.driver ?? "local",
      DriverOpts: wanted.driverOpts ?? {},
      Labels: labelMap(wanted.labels),
    });
    const found = await made.inspect();
    return { id: found.Name, outputs: { driver: found.Driver, mountpoint: found.Mountpoint } };
  },

  async read({ config }, id, state) {
    const found = await orGone(engine(config).getVolume(id).inspect());
    return found && { ...state, name: found.Name, driver: found.Driver, mountpoint: found.Mountpoint };
  },

  async update(_call, _id, state, wanted) {
    return { ...state, ...wanted };
  },

  async delete({ config }, id) {
    await orGone(engine(config).getVolume(id).remove());
  },
};
