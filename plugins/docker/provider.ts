import { version } from "@pulumi/docker/package.json";
import type { ProviderDefinition } from "../sdk/resource";
import { container } from "./container";
import { configSchema, type DockerConfig } from "./engine";
import { network } from "./network";
import { remoteImage } from "./remoteImage";
import { volume } from "./volume";

export const docker: ProviderDefinition<DockerConfig> = {
  name: "docker",
  version,
  config: configSchema,
  resources: {
    "docker:index/network:Network": network,
    "docker:index/volume:Volume": volume,
    "docker:index/container:Container": container,
    "docker:index/remoteImage:RemoteImage": remoteImage,
  },
};
