import Docker from "dockerode";
import { livingPid, markOf } from "../proc";

const label = "wikiferry.test";

/** Of what this process makes in Docker and takes away again; if it is killed, `removeLeftovers` knows it by them. */
export const labelsOfOurs = (): Record<string, string> => ({ [label]: markOf(process.pid) });

/** Removes the containers, networks and volumes of test runs whose process no longer lives. */
export async function removeLeftovers(): Promise<void> {
  const docker = new Docker();
  const filters = { label: [label] };
  const isLeft = (labels: Record<string, string> | undefined) => !livingPid(labels?.[label] ?? "");
  // Another process may be removing them as well, or have a network or a volume in use.
  const gone = (removal: Promise<unknown>) => removal.catch(() => {});

  for (const { Id, Labels } of await docker.listContainers({ all: true, filters }))
    if (isLeft(Labels)) await gone(docker.getContainer(Id).remove({ force: true, v: true }));
  for (const { Id, Labels } of await docker.listNetworks({ filters }))
    if (isLeft(Labels)) await gone(docker.getNetwork(Id).remove());
  for (const { Name, Labels } of (await docker.listVolumes({ filters })).Volumes ?? [])
    if (isLeft(Labels)) await gone(docker.getVolume(Name).remove());
}

if (require.main === module) void removeLeftovers();
