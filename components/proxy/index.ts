import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { hardened, limitProcesses } from "../container";
import type { GreenEnvironment } from "../environment/green";
import { type Bases, serviceImage } from "../image";
import { proxyLimits } from "../limits";

export interface DatabaseProxyArgs {
  environment: GreenEnvironment;
  bases: Bases;
  /** Host of green's MariaDB on its network. */
  database: pulumi.Input<string>;
  /** Addresses, networks and names of blue as this container sees them, separated by commas. */
  allowFrom: string;
  /**
   * Address of the host at which blue reaches green's MariaDB. Defaults to none: blue comes through the attached
   * network.
   */
  publishAddress?: string;
  publishPort: number;
  /** Its name on the network that blue shares, if there is one. */
  alias: string;
}

/**
 * The only path from outside to green's MariaDB. It is a container instead of rules in DOCKER-USER, because those are
 * gone after a reboot while Docker publishes the port again.
 */
export class DatabaseProxy extends pulumi.ComponentResource {
  constructor(name: string, args: DatabaseProxyArgs, opts?: pulumi.ComponentResourceOptions) {
    super("wikiferry:proxy:DatabaseProxy", name, {}, opts);
    const { environment } = args;
    const here = { parent: this, provider: environment.provider };
    const image = serviceImage("proxy", args.bases, { ...here, name: `${name}-image` });
    const container = new docker.Container(
      `${name}-haproxy`,
      {
        ...hardened("proxy", proxyLimits),
        name: "green-mariadb-proxy",
        image: image.imageId,
        envs: [pulumi.interpolate`DATABASE=${args.database}:3306`, `ALLOW_FROM=${args.allowFrom}`],
        networksAdvanced: environment.networksFor({
          reachesBlue: true,
          alias: args.alias,
          address: environment.proxyAddress,
        }),
        ports: args.publishAddress
          ? [{ internal: 3306, external: args.publishPort, ip: args.publishAddress }]
          : [],
      },
      { ...here, deleteBeforeReplace: true },
    );
    limitProcesses(`${name}-haproxy`, container, environment, proxyLimits, this);
    this.registerOutputs({});
  }
}
