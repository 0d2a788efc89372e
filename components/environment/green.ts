import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { MoveSpec, Secrets, SshTarget } from "../../engine/move";
import { subnetOf } from "./subnet";

/**
 * Options of ssh for a host with this key and no other. They use a command instead of a file, because a run that
 * doesn't start the program, such as `pulumi destroy`, finds no file of ours on another machine.
 */
export function pinnedSshOptions(hostKey: string, identityFile?: string): string[] {
  const [kind, key] = hostKey.trim().split(/\s+/);
  const options = [
    `KnownHostsCommand=/bin/echo %H ${kind} ${key}`,
    "UserKnownHostsFile=/dev/null",
    "GlobalKnownHostsFile=/dev/null",
    "StrictHostKeyChecking=yes",
  ];
  return [...(identityFile ? ["-i", identityFile] : []), ...options.flatMap((option) => ["-o", option])];
}

export interface GreenEnvironmentArgs {
  /** The move whose green side this is. */
  spec: MoveSpec;
  /** Secrets that the services need are written to their files, and are no input of any resource. */
  secrets: Secrets;
  /** Addresses of green's own network, such as `10.217.44.0/24`. */
  subnet: string;
  /** SSH host of the new host's Docker engine. Defaults to this machine's engine. */
  dockerHost?: SshTarget;
  /** File with the operator's SSH key. Defaults to the keys that ssh finds by itself. */
  identityFile?: string;
  /** Name of a Docker network there that reaches blue. Defaults to none: green's own network routes to it. */
  attachedNetwork?: string;
}

/** The new environment: a Docker engine and the network of green's containers. */
export class GreenEnvironment extends pulumi.ComponentResource {
  /** To be passed to everything that runs there. */
  readonly provider: docker.Provider;
  /** Name of green's own network. */
  readonly network: pulumi.Output<string>;
  readonly spec: MoveSpec;
  readonly secrets: Secrets;
  /** Its addresses. */
  readonly subnet: string;
  /** The host's own address in it. Connections to a port that is published on loopback come from there. */
  readonly hostAddress: string;
  /** From where blue's connections to green's MariaDB come in this network. */
  readonly proxyAddress: string;
  /** All of its addresses, as an account's host in MariaDB. */
  readonly accountHost: string;
  private readonly attachedNetwork: string | undefined;

  constructor(name: string, args: GreenEnvironmentArgs, opts?: pulumi.ComponentResourceOptions) {
    super("wikiferry:environment:Green", name, {}, opts);
    this.spec = args.spec;
    this.secrets = args.secrets;
    this.attachedNetwork = args.attachedNetwork;
    const host = args.dockerHost;
    this.provider = new docker.Provider(
      `${name}-docker`,
      host
        ? {
            host: `ssh://${host.user}@${host.host}:${host.port}`,
            sshOpts: pinnedSshOptions(host.hostKey, args.identityFile),
          }
        : {},
      { parent: this },
    );
    const { first, last, accountHost } = subnetOf(args.subnet);
    this.subnet = args.subnet;
    this.hostAddress = first;
    this.proxyAddress = last;
    this.accountHost = accountHost;
    const network = new docker.Network(
      `${name}-network`,
      {
        name: "wikiferry-green",
        driver: "bridge",
        // Accounts name these addresses, and Docker assigns a fixed address only in a range that is configured.
        ipamConfigs: [{ subnet: args.subnet, gateway: first }],
        labels: [{ label: "wikiferry.side", value: "green" }],
      },
      { parent: this, provider: this.provider, deleteBeforeReplace: true },
    );
    this.network = network.name;
    this.registerOutputs({ network: this.network });
  }

  /**
   * The networks of a container. One that talks to blue also joins the attached one, under `alias`.
   * @param options.address Its address in green's own network. Defaults to one that Docker chooses.
   */
  networksFor(options: { reachesBlue: boolean; alias?: string; address?: pulumi.Input<string> }) {
    const own = { name: this.network, ...(options.address ? { ipv4Address: options.address } : {}) };
    if (!options.reachesBlue || !this.attachedNetwork) return [own];
    return [own, { name: this.attachedNetwork, ...(options.alias ? { aliases: [options.alias] } : {}) }];
  }
}
