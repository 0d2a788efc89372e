import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";

export interface GreenEnvironmentArgs {
  /** Docker engine of the new host, `ssh://user@host`. Defaults to this machine's. */
  dockerHost?: string;
  /** Name of a Docker network there from which blue is reached. Defaults to none: green's own network routes to it. */
  attachedNetwork?: string;
}

/** The new environment: a Docker engine and the network of green's containers. */
export class GreenEnvironment extends pulumi.ComponentResource {
  /** To be given to all that lives there. */
  readonly provider: docker.Provider;
  /** Name of green's own network. */
  readonly network: pulumi.Output<string>;
  private readonly attachedNetwork: string | undefined;

  constructor(name: string, args: GreenEnvironmentArgs, opts?: pulumi.ComponentResourceOptions) {
    super("wikiferry:environment:Green", name, {}, opts);
    this.attachedNetwork = args.attachedNetwork;
    this.provider = new docker.Provider(`${name}-docker`, args.dockerHost ? { host: args.dockerHost } : {}, {
      parent: this,
    });
    const network = new docker.Network(
      `${name}-network`,
      { name: "wikiferry-green", driver: "bridge", labels: [{ label: "wikiferry.side", value: "green" }] },
      { parent: this, provider: this.provider, deleteBeforeReplace: true },
    );
    this.network = network.name;
    this.registerOutputs({ network: this.network });
  }

  /** The networks of a container; one that talks to blue also joins the attached one, under `alias`. */
  networksFor(options: { reachesBlue: boolean; alias?: string }) {
    const own = { name: this.network };
    if (!options.reachesBlue || !this.attachedNetwork) return [own];
    return [own, { name: this.attachedNetwork, ...(options.alias ? { aliases: [options.alias] } : {}) }];
  }
}
