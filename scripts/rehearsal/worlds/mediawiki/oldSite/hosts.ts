import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { docker, ifThere, put, run, sh } from "../../../../common/docker";
import { labelOf, networkOf, type Settled } from "./options";
import { operatorKey, worldFile, writePrivate } from "./secrets";
import { sites } from "./sites/index";

export type HostRole = "web" | "db" | "files";

/** How the operator reaches a host of the old site. */
export interface WorldHost {
  container: string;
  address: string;
  port: number;
  user: string;
  /** `ssh-ed25519 AAAA...` */
  hostKey: string;
  /** `SHA256:...` */
  fingerprint: string;
}

export const roles: HostRole[] = ["db", "files", "web"];

export const containerOf = (name: string, role: HostRole): string => `${name}-${role}`;
export const databaseVolume = (name: string): string => `wikiferry-${name}-db`;
export const uploadsVolume = (name: string): string => `wikiferry-${name}-uploads`;

/** Creates the network where it is missing. */
export async function ensureNetwork(name: string): Promise<void> {
  const network = networkOf(name);
  if (await ifThere(docker.getNetwork(network).inspect())) return;
  await docker.createNetwork({
    Name: network,
    Driver: "bridge",
    Labels: labelOf(name),
    CheckDuplicate: true,
  });
}

/** The network's address range, such as `172.18.0.0/16`. */
export async function subnetOf(name: string): Promise<string> {
  const { IPAM } = await docker.getNetwork(networkOf(name)).inspect();
  return IPAM?.Config?.[0]?.Subnet ?? "";
}

export async function createVolumes(name: string): Promise<void> {
  for (const volume of [databaseVolume(name), uploadsVolume(name)])
    await docker.createVolume({ Name: volume, Labels: labelOf(name) });
}

/** Creates and starts the three hosts on existing volumes. */
export async function startHosts(world: Settled, images: Record<HostRole, string>): Promise<void> {
  const { name, ports } = world;
  const key = readFileSync(`${await operatorKey(name)}.pub`, "utf8");
  const mounts: Record<HostRole, string[]> = {
    web: [`${uploadsVolume(name)}:${sites[world.site].directories.uploads}`],
    db: [`${databaseVolume(name)}:/var/lib/mysql`],
    files: [`${uploadsVolume(name)}:/srv/uploads`],
  };
  const published: Record<HostRole, Record<string, number>> = {
    web: { "22/tcp": ports.webSsh, "80/tcp": ports.http },
    db: { "22/tcp": ports.dbSsh },
    files: { "22/tcp": ports.filesSsh },
  };
  for (const role of roles) {
    const container = await docker.createContainer({
      name: containerOf(name, role),
      Hostname: containerOf(name, role),
      Image: images[role],
      Labels: labelOf(name),
      HostConfig: {
        NetworkMode: networkOf(name),
        Binds: mounts[role],
        PortBindings: Object.fromEntries(
          Object.entries(published[role]).map(([inside, port]) => [
            inside,
            [{ HostIp: "127.0.0.1", HostPort: String(port) }],
          ]),
        ),
      },
    });
    await put(container.id, [{ path: "/root/.ssh/authorized_keys", content: key }]);
  }
  await Promise.all(roles.map((role) => docker.getContainer(containerOf(name, role)).start()));
  await sh(
    containerOf(name, "db"),
    "for i in $(seq 150); do mariadb-admin ping >/dev/null 2>&1 && exit 0; sleep 0.2; done; exit 1",
  );
}

/** Reads the host keys, as an operator would on the console, into `hosts.json`. */
export async function readHosts(world: Settled): Promise<Record<HostRole, WorldHost>> {
  const { name, ports } = world;
  const port: Record<HostRole, number> = { web: ports.webSsh, db: ports.dbSsh, files: ports.filesSsh };
  const host = async (role: HostRole): Promise<WorldHost> => {
    const container = containerOf(name, role);
    const file = "/etc/ssh/ssh_host_ed25519_key.pub";
    await sh(container, `for i in $(seq 100); do [ -s ${file} ] && exit 0; sleep 0.1; done; exit 1`);
    const [type, key] = (await run(container, ["cat", file])).trim().split(" ") as [string, string];
    const digest = createHash("sha256")
      .update(Buffer.from(key, "base64"))
      .digest("base64")
      .replace(/=+$/, "");
    return {
      container,
      address: "127.0.0.1",
      port: port[role],
      user: "root",
      hostKey: `${type} ${key}`,
      fingerprint: `SHA256:${digest}`,
    };
  };
  const [db, files, web] = await Promise.all([host("db"), host("files"), host("web")]);
  const hosts = { web, db, files };
  writePrivate(worldFile(name, "hosts.json"), `${JSON.stringify(hosts, null, 2)}\n`);
  return hosts;
}
