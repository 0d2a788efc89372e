import type Docker from "dockerode";
import type { ContainerRef } from "../move";
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
 * Of running containers with the same label the one that serves: while one replaces the other there are two, and the
 * second takes over once it is healthy. The newest of the healthy ones, or the newest where none is.
 */
export function servingOf(listed: readonly Listed[]): Listed | undefined {
  const newestFirst = [...listed].sort((a, b) => b.Created - a.Created);
  return newestFirst.find(({ Status }) => Status.includes("(healthy)")) ?? newestFirst[0];
}

/**
 * The container that is meant; undefined where none with the label runs. A container with a name of its own is not
 * looked for.
 */
export async function findContainer(ref: ContainerRef, pool: SshPool): Promise<Docker.Container | undefined> {
  const docker = dockerFor(ref.dockerVia, pool);
  if (!ref.labelled) return docker.getContainer(ref.container);
  const filters = JSON.stringify({ label: [`wikiferry.name=${ref.container}`], status: ["running"] });
  const serving = servingOf(await docker.listContainers({ filters }));
  return serving && docker.getContainer(serving.Id);
}

/** The name by which other containers on its network reach it; undefined where none runs. */
export async function hostNameOf(ref: ContainerRef, pool: SshPool): Promise<string | undefined> {
  const found = await (await findContainer(ref, pool))?.inspect();
  return found?.Name.replace(/^\//, "");
}
