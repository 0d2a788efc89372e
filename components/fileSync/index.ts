import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { hardened, limitProcesses } from "../container";
import type { GreenEnvironment } from "../environment/green";
import { type Bases, serviceImage } from "../image";
import { fileSyncLimits } from "../limits";

export interface FileSyncArgs {
  environment: GreenEnvironment;
  bases: Bases;
}

/** Copies the uploads between the sides: green's upload volume, and rsync over SSH with its own key. */
export class FileSync extends pulumi.ComponentResource {
  /** Name of the volume with green's uploads. */
  readonly uploads: pulumi.Output<string>;

  constructor(name: string, args: FileSyncArgs, opts?: pulumi.ComponentResourceOptions) {
    super("wikiferry:fileSync:FileSync", name, {}, opts);
    const here = { parent: this, provider: args.environment.provider };
    const image = serviceImage("fileSync", args.bases, { ...here, name: `${name}-image` });
    const volume = (child: string, volumeName: string, protect: boolean) =>
      new docker.Volume(
        `${name}-${child}`,
        { name: volumeName, labels: [{ label: "wikiferry.side", value: "green" }] },
        { ...here, protect, retainOnDelete: protect },
      );
    const uploads = volume("uploads", "wikiferry-green-uploads", true);
    const state = volume("state", "wikiferry-green-file-sync", false);
    const container = new docker.Container(
      `${name}-container`,
      {
        ...hardened("file-sync", fileSyncLimits),
        name: "green-file-sync",
        image: image.imageId,
        networksAdvanced: args.environment.networksFor({ reachesBlue: true }),
        volumes: [
          { volumeName: uploads.name, containerPath: "/srv/uploads" },
          { volumeName: state.name, containerPath: "/state" },
        ],
      },
      { ...here, deleteBeforeReplace: true },
    );
    limitProcesses(`${name}-container`, container, args.environment, fileSyncLimits, this);
    this.uploads = uploads.name;
    this.registerOutputs({ uploads: this.uploads });
  }
}
