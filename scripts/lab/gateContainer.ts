import type Docker from "dockerode";

export interface GateContainer {
  network: string;
  /** `host:port` of each side's web tier. */
  blue: string;
  green: string;
  adminPassword: string;
  /** Volume with its state. */
  volume: string;
  /** Further networks from which the runtime API may be used, besides this host. */
  operators?: string[];
}

/** A gate's container, with a read-only root as in a move. */
export function gateContainer(
  gate: GateContainer,
): Docker.ContainerCreateOptions & { Env: string[]; HostConfig: Docker.HostConfig } {
  return {
    Env: [
      `BLUE_ADDRESS=${gate.blue}`,
      `GREEN_ADDRESS=${gate.green}`,
      `ADMIN_PASSWORD=${gate.adminPassword}`,
      `ADMIN_ADDRESSES=${(gate.operators ?? []).join(" ")}`,
    ],
    HostConfig: {
      NetworkMode: gate.network,
      ReadonlyRootfs: true,
      Tmpfs: { "/tmp": "" },
      Binds: [`${gate.volume}:/state`],
    },
  };
}
