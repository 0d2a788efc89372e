import { docker, ifThere } from "../world/docker";

const label = { filters: JSON.stringify({ label: ["wikiferry.side=green"] }) };

/** Removes the containers, volumes and network of green, as the stack made them; nothing else. */
export async function removeGreen(): Promise<number> {
  const containers = await docker.listContainers({ all: true, ...label });
  await Promise.all(
    containers.map(({ Id }) => ifThere(docker.getContainer(Id).remove({ force: true, v: true }))),
  );
  const { Volumes } = await docker.listVolumes(label);
  for (const volume of Volumes ?? []) await ifThere(docker.getVolume(volume.Name).remove());
  const networks = await docker.listNetworks(label);
  for (const network of networks) await ifThere(docker.getNetwork(network.Id).remove());
  return containers.length + (Volumes?.length ?? 0) + networks.length;
}
