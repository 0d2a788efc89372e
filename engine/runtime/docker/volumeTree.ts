import { PassThrough, type Readable } from "node:stream";
import type Docker from "dockerode";
import { pack } from "tar-stream";
import { messageOf, WikiferryError } from "../../errors";
import type { SshTarget } from "../../move";
import type { SshPool } from "../ssh/pool";
import { dockerFor } from "./engine";

/** A volume with trees of files in it, and an image with sh and coreutils that the engine has. */
export interface TreePlace {
  volume: string;
  image: string;
  /** The SSH host whose Docker engine has the volume. Defaults to the local engine. */
  dockerVia?: SshTarget;
}

const folder = "/files";
const mark = "wikiferry.tree";

/** Access to a volume's files through a throw-away container. */
export class VolumeTree {
  private constructor(
    private readonly docker: Docker,
    private readonly place: TreePlace,
    private readonly container: Docker.Container,
  ) {}

  /** Gives `act` access to the volume, and removes the container afterwards. @throws `CODE_VOLUME` */
  static async within<T>(place: TreePlace, pool: SshPool, act: (tree: VolumeTree) => Promise<T>): Promise<T> {
    const docker = dockerFor(place.dockerVia, pool);
    const label = `${mark}=${place.volume}`;
    // A killed run left its container behind.
    const left = await docker.listContainers({ all: true, filters: JSON.stringify({ label: [label] }) });
    for (const { Id } of left) await remove(docker, Id);
    const container = await create(docker, place, ["true"]);
    try {
      return await act(new VolumeTree(docker, place, container));
    } finally {
      await container.remove({ force: true, v: true });
    }
  }

  /** Where the volume's files lie on the engine's host, so that a part of them can be mounted. */
  async mountpoint(): Promise<string> {
    return (await this.docker.getVolume(this.place.volume).inspect()).Mountpoint;
  }

  /** Creates directories that only root may enter. */
  async makeDirectories(...names: string[]): Promise<void> {
    const archive = pack();
    for (const name of names)
      archive.entry({ name: `${folder.slice(1)}/${name}/`, type: "directory", mode: 0o700, uid: 0, gid: 0 });
    archive.finalize();
    const chunks: Buffer[] = [];
    for await (const chunk of archive) chunks.push(chunk as Buffer);
    await this.container.putArchive(Buffer.concat(chunks), { path: "/" });
  }

  /** Writes small files. @param owner User and group number */
  async writeFiles(files: Record<string, string>, owner: number, mode = 0o444): Promise<void> {
    const archive = pack();
    for (const [name, content] of Object.entries(files))
      archive.entry({ name: `${folder.slice(1)}/${name}`, mode, uid: owner, gid: owner }, content);
    archive.finalize();
    const chunks: Buffer[] = [];
    for await (const chunk of archive) chunks.push(chunk as Buffer);
    await this.container.putArchive(Buffer.concat(chunks), { path: "/" });
  }

  /** Unpacks a tar archive into a directory of the volume, as it arrives. */
  async unpack(archive: Readable, directory: string): Promise<void> {
    // dockerode opens its connection before it reads. What a stream emits until then must be kept.
    const kept = archive.pipe(new PassThrough());
    archive.once("error", (error) => kept.destroy(error));
    await this.container.putArchive(kept, { path: `${folder}/${directory}` });
  }

  /** Names in the volume's first level. */
  async names(): Promise<string[]> {
    const { output } = await this.run(`ls -A ${folder}`);
    return output.split("\n").filter(Boolean);
  }

  /**
   * Runs a script of sh as root in the volume's directory, in a second container without a network.
   * @returns its exit code, and what it printed to either output, at most the last 64 kB
   */
  async run(script: string): Promise<{ exitCode: number; output: string }> {
    const container = await create(this.docker, this.place, ["sh", "-c", `cd ${folder} && ${script}`]);
    try {
      await container.start();
      const { StatusCode } = (await container.wait()) as { StatusCode: number };
      const log = await container.logs({ stdout: true, stderr: true, tail: 200 });
      return { exitCode: StatusCode, output: plain(log).slice(-65_536) };
    } finally {
      await container.remove({ force: true, v: true });
    }
  }
}

async function create(
  docker: Docker,
  { volume, image }: TreePlace,
  command: string[],
): Promise<Docker.Container> {
  try {
    const { Labels } = await docker.getVolume(volume).inspect();
    return await docker.createContainer({
      Image: image,
      Entrypoint: command,
      Cmd: [],
      User: "0:0",
      // Whoever removes the volume by its labels also removes what holds it.
      Labels: { ...Labels, [mark]: volume },
      HostConfig: {
        NetworkMode: "none",
        SecurityOpt: ["no-new-privileges:true"],
        Mounts: [{ Type: "volume", Source: volume, Target: folder, ReadOnly: false }],
      },
    });
  } catch (error) {
    throw new WikiferryError(
      "CODE_VOLUME",
      `Docker can't reach into the volume ${volume} (${messageOf(error).trim()})`,
      "See `docker volume ls` and `docker images` on the new host, then run `pulumi up` again",
      { cause: error },
    );
  }
}

async function remove(docker: Docker, id: string): Promise<void> {
  await docker
    .getContainer(id)
    .remove({ force: true, v: true })
    .catch(() => {});
}

/** A container's log without the eight bytes before each of its frames. */
function plain(log: Buffer): string {
  const parts: Buffer[] = [];
  for (let at = 0; at + 8 <= log.length; ) {
    const size = log.readUInt32BE(at + 4);
    parts.push(log.subarray(at + 8, at + 8 + size));
    at += 8 + size;
  }
  return Buffer.concat(parts).toString();
}
