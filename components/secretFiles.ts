import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { fingerprintOf, type SecretSources, secretContents } from "../engine/secretFiles";
import type { GreenEnvironment } from "./environment/green";
import { SecretFiles } from "./migration/resources";

/** Where a service finds its secrets, one file each. */
const directory = "/run/secrets";

export interface SecretVolumeArgs {
  environment: GreenEnvironment;
  /** The service's image, on the engine. */
  image: pulumi.Input<string>;
  /** User and group number of the service. */
  owner: number;
  /** File names and where the contents come from. The same names in every case: a file is never taken away. */
  files: pulumi.Input<SecretSources>;
  /**
   * Whether other contents come to a volume of their own, so that a container that serves keeps its files until a second
   * one has taken over. Such a volume has no name of its own, either.
   */
  kept?: boolean;
}

/**
 * A volume with the secrets of one service, `wikiferry-green-<service>-secrets`. It lies on the new host's disk, where
 * only root gets, so that the service starts by itself after a reboot.
 * @returns what the service's containers need: the mount, a label whose change makes them anew, and the volume, which
 *   goes after them
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
