import { z } from "zod";
import type { ResourceType } from "../sdk/resource";
import { type DockerConfig, engine, labelMap, labelSchema, orGone, stringMap } from "./engine";

const inputs = z.strictObject({
  name: z.string().optional(),
  driver: z.string().optional(),
  internal: z.boolean().optional(),
  attachable: z.boolean().optional(),
  ipv6: z.boolean().optional(),
  labels: labelSchema.optional(),
  options: stringMap.optional(),
  ipamDriver: z.string().optional(),
  ipamOptions: stringMap.optional(),
  ipamConfigs: z
    .array(
      z.strictObject({
        subnet: z.string().optional(),
        gateway: z.string().optional(),
        ipRange: z.string().optional(),
        auxAddress: stringMap.optional(),
      }),
    )
    .optional(),
});

type Inputs = z.infer<typeof inputs>;

async function facts(config: DockerConfig, id: string) {
  const found = await orGone(engine(config).getNetwork(id).inspect());
  if (!found) return undefined;
  const { Name, Driver, Internal, Scope, IPAM, Options } = found;
  const ipamConfigs = (IPAM?.Config ?? []).map((range: Record<string, unknown>) => ({
    subnet: range.Subnet,
    gateway: range.Gateway,
    ipRange: range.IPRange,
    auxAddress: range.AuxiliaryAddresses,
  }));
  return { name: Name, driver: Driver, internal: Internal, scope: Scope, ipamConfigs, options: Options };
}

/** `docker:index/network:Network` */
export const network: ResourceType<DockerConfig, Inputs> = {
  inputs,
  outputs: ["driver", "internal", "ipamConfigs", "options", "scope"],
  replaceOn: Object.keys(inputs.shape),
  autoName: "name",

  async create({ config }, wanted) {
    const made = await engine(config).createNetwork({
      Name: wanted.name ?? "",
      CheckDuplicate: true,
      Driver: wanted.driver ?? "bridge",
      Internal: wanted.internal ?? false,
      Attachable: wanted.attachable ?? false,
      EnableIPv6: wanted.ipv6 ?? false,
      Labels: labelMap(wanted.labels),
      Options: wanted.options ?? {},
      IPAM: {
        Driver: wanted.ipamDriver ?? "default",
        Options: wanted.ipamOptions ?? {},
        Config: (wanted.ipamConfigs ?? []).map((range) => ({
          ...(range.subnet && { Subnet: range.subnet }),
          ...(range.gateway && { Gateway: range.gateway }),
          ...(range.ipRange && { IPRange: range.ipRange }),
          ...(range.auxAddress && { AuxiliaryAddresses: range.auxAddress }),
        })),
      },
    });
    const found = await facts(config, made.id);
    return { id: made.id, outputs: { ...found, ...wanted } };
  },

  async read({ config }, id, state) {
    const found = await facts(config, id);
    if (!found) return undefined;
    // The engine fills in a range that the program leaves open. That is no drift.
    const ranges = state.ipamConfigs?.length ? { ipamConfigs: state.ipamConfigs } : {};
    return { ...state, ...found, ...ranges };
  },

  async update(_call, _id, state, wanted) {
    return { ...state, ...wanted };
  },

  async delete({ config }, id) {
    await orGone(engine(config).getNetwork(id).remove());
  },
};
