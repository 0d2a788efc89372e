import type * as docker from "@pulumi/docker";
import type * as pulumi from "@pulumi/pulumi";
import type { GreenEnvironment } from "./environment/green";
import type { Limits } from "./limits";
import { ProcessLimit } from "./migration/resources";

/** Labels of a container of green. */
export function labelsOf(service: string, more: docker.types.input.ContainerLabel[] = []) {
  return [
    { label: "wikiferry.side", value: "green" },
    { label: "wikiferry.service", value: service },
    ...more,
  ];
}

/** The label that tells a preview what a change replaces: a hash of everything that defines a container. */
export const settingsLabel = (fingerprint: string) => ({ label: "wikiferry.settings", value: fingerprint });

/** What every container of green has in common: no new privileges, a read-only root, bounded memory and logs. */
export function hardened(service: string, limits: Limits, labels: docker.types.input.ContainerLabel[] = []) {
  return {
    readOnly: true,
    securityOpts: ["no-new-privileges:true"],
    capabilities: { drops: ["ALL"] },
    memory: limits.memoryMb,
    // Memory and swap together, because a database that swaps is slower than one that is restarted.
    memorySwap: limits.memoryMb,
    tmpfs: Object.fromEntries(
      Object.entries(limits.tmpfs).map(([path, sizeMb]) => [
        path,
        `rw,nosuid,nodev,noexec,mode=1777,size=${sizeMb}m`,
      ]),
    ),
    restart: "unless-stopped",
    logDriver: "json-file",
    logOpts: { "max-size": "10m", "max-file": "3" },
    labels: labelsOf(service, labels),
    destroyGraceSeconds: 30,
  } satisfies Partial<docker.ContainerArgs>;
}

/** Limits a container's processes once it exists. */
export function limitProcesses(
  name: string,
  container: docker.Container,
  environment: GreenEnvironment,
  limits: Limits,
  parent: pulumi.Resource,
): void {
  const { spec } = environment;
  new ProcessLimit(`${name}-processes`, { spec, container: container.id, pids: limits.pids }, { parent });
}
