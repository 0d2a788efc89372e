import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { fingerprintOf, type SecretSources, secretContents } from "../engine/resources/secretSources";
import type { GreenEnvironment } from "./environment/green";
import { SecretFiles } from "./migration/resources";

/** Where a service finds its secrets, one per file. */
const directory = "/run/secrets";

export interface SecretVolumeArgs {
  environment: GreenEnvironment;
  /** The service's image, on the engine. */
  image: pulumi.Input<string>;
  /** User and group number of the service. */
  owner: number;
  /** File names and the sources of their contents. The names never change: a file is never removed. */
  files: pulumi.Input<SecretSources>;
  /**
   * Whether new contents go to a new volume, so that a running container keeps its files until a second one has taken
   * over. Such a volume has no fixed name, either.
   */
  kept?: boolean;
}

/**
 * A volume with the secrets of one service, `wikiferry-green-<service>-secrets`. It is stored on the new host's disk,
 * readable only by root, so that the service starts by itself after a reboot.
 * @returns what the service's containers need: the mount, a label whose change replaces them, and the volume, which is
 * removed after them
 */
export function secretVolume(
  name: string,
  service: string,
  { environment, image, owner, files, kept }: SecretVolumeArgs,
  parent: pulumi.Resource,
) {
  const { provider, spec, secrets } = environment;
  const fingerprint = pulumi
    .output(files)
    .apply(async (sources) => fingerprintOf(await secretContents(sources, secrets), secrets));
  const side = { label: "wikiferry.side", value: "green" };
  const volume = new docker.Volume(
    `${name}-secrets`,
    kept
      ? { labels: [side, { label: "wikiferry.secrets", value: fingerprint }] }
      : { name: `wikiferry-green-${service}-secrets`, labels: [side] },
    { parent, provider },
  );
  const written = new SecretFiles(
    `${name}-secret-files`,
    {
      spec,
      volume: volume.name,
      image,
      owner,
      files,
      fingerprint,
    },
    { parent },
  );
  return {
    volume,
    mount: { volumeName: written.volume, containerPath: directory, readOnly: true },
    label: { label: "wikiferry.secrets", value: written.fingerprint },
  };
}
