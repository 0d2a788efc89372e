import { readlinkSync } from "node:fs";
import { livingPid, markOf, read } from "../common/proc";
import { rehearsalId } from "../common/rehearsalId";
import { localDocker } from "../setup/localEngine";

const label = "wikiferry.test";
const checkoutLabel = "wikiferry.test.checkout";

/** This checkout and the space of process numbers in which its marks mean something, pid_namespaces(7). */
const checkout = (): string => `${rehearsalId()} ${read(() => readlinkSync("/proc/self/ns/pid"))}`;

/** Of what this process makes in Docker and takes away again; if it is killed, `removeLeftovers` knows it by them. */
export const labelsOfOurs = (): Record<string, string> => ({
  [label]: markOf(process.pid),
  [checkoutLabel]: checkout(),
});

/** Removes the containers, networks and volumes of this checkout's test runs whose process no longer lives. */
export async function removeLeftovers(): Promise<void> {
  const docker = localDocker();
  const filters = { label: [label, `${checkoutLabel}=${checkout()}`] };
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
