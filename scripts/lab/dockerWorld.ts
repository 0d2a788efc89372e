import { randomBytes } from "node:crypto";
import type Docker from "dockerode";
import { type PutFile, putFiles } from "../common/putFiles";
import { localDocker } from "../setup/localEngine";
import { labelsOfOurs } from "./leftovers";

/** Containers, networks and volumes of one test file, with unique names. `close` removes them all. */
export class DockerWorld {
  readonly docker = localDocker();
  private readonly prefix = `wikiferry-test-${randomBytes(4).toString("hex")}`;
  private readonly labels = labelsOfOurs();
  private readonly cleanups: (() => Promise<unknown>)[] = [];

  name(what: string): string {
    return `${this.prefix}-${what}`;
  }

  /** A bridge network. Returns its name and the host's address in it. */
  async network(): Promise<{ name: string; hostAddress: string }> {
    const name = this.name("net");
    const network = await this.docker.createNetwork({
      Name: name,
      Driver: "bridge",
      CheckDuplicate: true,
      Labels: this.labels,
    });
    this.cleanups.push(() => network.remove());
    const inspected: Docker.NetworkInspectInfo = await network.inspect();
    const hostAddress = inspected.IPAM?.Config?.[0]?.Gateway;
    if (!hostAddress) throw new Error(`network ${name} has no gateway`);
    return { name, hostAddress };
  }

  /** @param memoryMb Kept in memory and limited to this size, while a container uses it. Defaults to disk. */
  async volume(what: string, memoryMb?: number): Promise<string> {
    const name = this.name(what);
    const inMemory = { type: "tmpfs", device: "tmpfs", o: `size=${memoryMb}m` };
    await this.docker.createVolume({
      Name: name,
      Labels: this.labels,
      ...(memoryMb ? { Driver: "local", DriverOpts: inMemory } : {}),
    });
    this.cleanups.push(() => this.docker.getVolume(name).remove());
    return name;
  }

  /** Starts a container with these files in it. Its published ports get free numbers on 127.0.0.1. */
  async run(
    what: string,
    image: string,
    options: Docker.ContainerCreateOptions = {},
    ports: number[] = [],
    files: PutFile[] = [],
  ): Promise<RunningContainer> {
    const container = await this.docker.createContainer({
      ...options,
      name: this.name(what),
      Image: image,
      Labels: { ...options.Labels, ...this.labels },
      ExposedPorts: Object.fromEntries(ports.map((port) => [`${port}/tcp`, {}])),
      HostConfig: {
        ...options.HostConfig,
        PortBindings: Object.fromEntries(
          ports.map((port) => [`${port}/tcp`, [{ HostIp: "127.0.0.1", HostPort: "" }]]),
        ),
      },
    });
    this.cleanups.push(() => container.remove({ force: true, v: true }));
    if (files.length > 0) await putFiles(container, files);
    await container.start();
    return new RunningContainer(container, this.name(what));
  }

  async close(): Promise<void> {
    for (const cleanup of this.cleanups.reverse()) await cleanup().catch(() => {});
  }
}

export class RunningContainer {
  constructor(
    readonly container: Docker.Container,
    readonly name: string,
  ) {}

  /** The port on 127.0.0.1 for the published `port`. It may change at a restart. */
  async port(port: number): Promise<number> {
    const { NetworkSettings } = await this.container.inspect();
    const published = NetworkSettings.Ports[`${port}/tcp`]?.[0]?.HostPort;
    if (!published) throw new Error(`${this.name} publishes no port ${port}: ${await this.logs()}`);
    return Number(published);
  }

  /** Its address in its network, at which the host reaches it without Docker's proxy. */
  async address(): Promise<string> {
    const { NetworkSettings } = await this.container.inspect();
    const address = Object.values(NetworkSettings.Networks)[0]?.IPAddress;
    if (!address) throw new Error(`${this.name} has no address: ${await this.logs()}`);
    return address;
  }

  async logs(): Promise<string> {
    return (await this.container.logs({ stdout: true, stderr: true, tail: 20 })).toString();
  }
}
