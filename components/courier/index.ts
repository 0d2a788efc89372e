import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { hardened, limitProcesses } from "../container";
import type { GreenEnvironment } from "../environment/green";
import { type Bases, serviceImage } from "../image";
import { courierLimits } from "../limits";

export interface CourierArgs {
  environment: GreenEnvironment;
  bases: Bases;
}

/** Copies the uploads between the sides: green's upload volume, and rsync over SSH with its own key. */
export class Courier extends pulumi.ComponentResource {
  /** Name of the volume with green's uploads. */
  readonly uploads: pulumi.Output<string>;

  constructor(name: string, args: CourierArgs, opts?: pulumi.ComponentResourceOptions) {
    super("wikiferry:courier:Courier", name, {}, opts);
    const here = { parent: this, provider: args.environment.provider };
    const image = serviceImage("courier", args.bases, { ...here, name: `${name}-image` });
    const volume = (purpose: string, protect: boolean) =>
      new docker.Volume(
        `${name}-${purpose}`,
        { name: `wikiferry-green-${purpose}`, labels: [{ label: "wikiferry.side", value: "green" }] },
        { ...here, protect, retainOnDelete: protect },
      );
    const uploads = volume("uploads", true);
    const state = volume("courier", false);
    const container = new docker.Container(
      `${name}-rounds`,
      {
        ...hardened("courier", courierLimits),
        name: "green-courier",
        image: image.imageId,
        networksAdvanced: args.environment.networksFor({ reachesBlue: true }),
        volumes: [
          { volumeName: uploads.name, containerPath: "/srv/uploads" },
          { volumeName: state.name, containerPath: "/state" },
        ],
      },
      { ...here, deleteBeforeReplace: true },
    );
    limitProcesses(`${name}-rounds`, container, args.environment, courierLimits, this);
    this.uploads = uploads.name;
    this.registerOutputs({ uploads: this.uploads });
  }
}
