import { statfs } from "node:fs/promises";
import { WikiferryError } from "../../../errors";
import type { ContainerRef, Side, SshTarget } from "../../../move";
import { dockerFor } from "../../../runtime/docker/engine";
import { execInContainer } from "../../../runtime/docker/exec";
import type { Server } from "../../../runtime/mariadb/server";
import type { SshPool } from "../../../runtime/ssh/pool";
import { quote } from "../../../runtime/ssh/quote";

/** Where both sides' databases keep their data. */
export interface DiskSpec {
  blue: { database: { ssh: SshTarget } };
  green: { database: ContainerRef };
}

/** Free bytes where a side's MariaDB keeps its data, or will. */
export function freeBytesOn(
  side: Side,
  { spec, blue, pool }: { spec: DiskSpec; blue: Server; pool: SshPool },
): Promise<number> {
  return side === "blue"
    ? freeBytesOnBlue(blue, spec.blue.database.ssh, pool)
    : freeBytesOnGreen(spec.green.database, pool);
}

/**
 * Free bytes on the volume of green's MariaDB. While its container does not exist yet, where Docker keeps its volumes.
 */
export async function freeBytesOnGreen(ref: ContainerRef, pool: SshPool): Promise<number> {
  try {
    const { exitCode, stdout } = await execInContainer(
      ref,
      ["df", "-B1", "--output=avail", "/var/lib/mysql"],
      pool,
    );
    if (exitCode === 0) return freeOf(stdout);
  } catch (error) {
    if (!(error instanceof WikiferryError) || error.code !== "CONTAINER_MISSING") throw error;
  }
  const { DockerRootDir: directory } = (await dockerFor(ref.dockerVia, pool).info()) as {
    DockerRootDir: string;
  };
  if (ref.dockerVia) {
    const ssh = await pool.to(ref.dockerVia);
    return freeOf(await ssh.run(`df -B1 --output=avail ${quote(directory)}`));
  }
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize;
}

/** Free bytes where blue's MariaDB keeps its data, as its host sees it. */
export async function freeBytesOnBlue(blue: Server, host: SshTarget, pool: SshPool): Promise<number> {
  const directory = (await blue.value("SELECT @@GLOBAL.datadir")) ?? "/var/lib/mysql";
  const ssh = await pool.to(host);
  return freeOf(await ssh.run(`df -B1 --output=avail ${quote(directory)}`));
}

/** Reads what `df --output=avail` prints: a heading and a number. */
function freeOf(text: string): number {
  return Number(text.trim().split("\n").at(-1));
}
