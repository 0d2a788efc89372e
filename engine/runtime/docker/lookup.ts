import type Docker from "dockerode";
import type { ContainerRef } from "../../move";
import type { SshPool } from "../ssh/pool";
import { dockerFor } from "./engine";

/** What Docker's list says of a container. */
export interface Listed {
  Id: string;
  /** Epoch, in seconds. */
  Created: number;
  /** Such as `Up 3 minutes (healthy)`. */
  Status: string;
}

/**
 * Picks the running container that serves among those with the same label. While one container replaces another there
 * are two, and the second takes over once it is healthy: the newest healthy container, or the newest where none is
 * healthy.
 */
export function servingOf(listed: readonly Listed[]): Listed | undefined {
  const newestFirst = [...listed].sort((a, b) => b.Created - a.Created);
  return newestFirst.find(({ Status }) => Status.includes("(healthy)")) ?? newestFirst[0];
}

/**
 * The container that a reference means; undefined where none with the label is running. A container with a fixed name
 * is not looked up.
 */
export async function findContainer(ref: ContainerRef, pool: SshPool): Promise<Docker.Container | undefined> {
  const docker = dockerFor(ref.dockerVia, pool);
  if (!ref.labelled) return docker.getContainer(ref.container);
  const filters = JSON.stringify({ label: [`wikiferry.name=${ref.container}`], status: ["running"] });
  const serving = servingOf(await docker.listContainers({ filters }));
  return serving && docker.getContainer(serving.Id);
}

/** The name by which other containers on its network reach it; undefined where none is running. */
export async function hostNameOf(ref: ContainerRef, pool: SshPool): Promise<string | undefined> {
  const found = await (await findContainer(ref, pool))?.inspect();
  return found?.Name.replace(/^\//, "");
}
