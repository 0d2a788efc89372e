import { readlinkSync } from "node:fs";
import { livingPid, markOf, read } from "../common/proc";
import { rehearsalId } from "../common/rehearsalId";
import { localDocker } from "../setup/localEngine";

const label = "wikiferry.test";
const checkoutLabel = "wikiferry.test.checkout";

/** This checkout and the PID namespace in which its marks are valid, pid_namespaces(7). */
const checkout = (): string => `${rehearsalId()} ${read(() => readlinkSync("/proc/self/ns/pid"))}`;

/**
 * Labels of what this process creates in Docker and removes again. If it is killed, `removeLeftovers` recognizes it by
 * them.
 */
export const labelsOfOurs = (): Record<string, string> => ({
  [label]: markOf(process.pid),
  [checkoutLabel]: checkout(),
});

/** Removes the containers, networks and volumes of this checkout's test runs whose process is gone. */
export async function removeLeftovers(): Promise<void> {
  const docker = localDocker();
  const filters = { label: [label, `${checkoutLabel}=${checkout()}`] };
  const isLeft = (labels: Record<string, string> | undefined) => !livingPid(labels?.[label] ?? "");
  // Another process may be removing them as well, or be using a network or a volume.
  const gone = (removal: Promise<unknown>) => removal.catch(() => {});

  for (const { Id, Labels } of await docker.listContainers({ all: true, filters }))
    if (isLeft(Labels)) await gone(docker.getContainer(Id).remove({ force: true, v: true }));
  for (const { Id, Labels } of await docker.listNetworks({ filters }))
    if (isLeft(Labels)) await gone(docker.getNetwork(Id).remove());
  for (const { Name, Labels } of (await docker.listVolumes({ filters })).Volumes ?? [])
    if (isLeft(Labels)) await gone(docker.getVolume(Name).remove());
}

if (require.main === module) void removeLeftovers();
