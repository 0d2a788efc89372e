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
}

/**
 * A volume with the secrets of one service, `wikiferry-green-<service>-secrets`. It lies on the new host's disk, where
 * only root gets, so that the service starts by itself after a reboot.
 * @returns what the service's containers need: the mount, and a label whose change makes them anew
 */
export function secretVolume(
  name: string,
  service: string,
  { environment, image, owner, files }: SecretVolumeArgs,
  parent: pulumi.Resource,
) {
  const { provider, spec, secrets } = environment;
  const volume = new docker.Volume(
    `${name}-secrets`,
    {
      name: `wikiferry-green-${service}-secrets`,
      labels: [{ label: "wikiferry.side", value: "green" }],
    },
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
      fingerprint: pulumi
        .output(files)
        .apply(async (sources) => fingerprintOf(await secretContents(sources, secrets), secrets)),
    },
    { parent },
  );
  return {
    mount: { volumeName: written.volume, containerPath: directory, readOnly: true },
    label: { label: "wikiferry.secrets", value: written.fingerprint },
  };
}
