import type * as docker from "@pulumi/docker";

/** What every container of green has in common: no new rights, a read-only root, bounded logs. */
export function hardened(service: string, tmpfs: string[]) {
  return {
    readOnly: true,
    securityOpts: ["no-new-privileges:true"],
    capabilities: { drops: ["ALL"] },
    tmpfs: Object.fromEntries(tmpfs.map((path) => [path, "rw,nosuid,nodev,mode=1777"])),
    restart: "unless-stopped",
    logDriver: "json-file",
    logOpts: { "max-size": "10m", "max-file": "3" },
    labels: [
      { label: "wikiferry.side", value: "green" },
      { label: "wikiferry.service", value: service },
    ],
    destroyGraceSeconds: 30,
  } satisfies Partial<docker.ContainerArgs>;
}
