import type { ProviderDefinition } from "../sdk/resource";
import { sdkVersion } from "../sdk/serve";
import { container } from "./container";
import { configSchema, type DockerConfig } from "./engine";
import { network } from "./network";
import { remoteImage } from "./remoteImage";
import { volume } from "./volume";

export const docker: ProviderDefinition<DockerConfig> = {
  name: "docker",
  version: sdkVersion("docker"),
  config: configSchema,
  resources: {
    "docker:index/network:Network": network,
    "docker:index/volume:Volume": volume,
    "docker:index/container:Container": container,
    "docker:index/remoteImage:RemoteImage": remoteImage,
  },
};
