import type Docker from "dockerode";
import { extract, type Headers, pack } from "tar-stream";
import { messageOf, WikiferryError } from "../../errors";
import type { SshTarget } from "../../move";
import type { SshPool } from "../ssh/pool";
import { dockerFor } from "./engine";

/** A volume, and what is needed to reach into it. */
export interface VolumePlace {
  volume: string;
  /** An image that the engine has. Nothing in it is run. */
  image: string;
  /** The SSH host whose Docker engine has the volume. Defaults to the local engine. */
  dockerVia?: SshTarget;
}

const folder = "/files";
const mark = "wikiferry.reaches";

/**
 * Writes files that only `owner` may read (0400) into a volume, through Docker's archive API. No process is started, so
 * no content appears in an argument, an environment or a log.
 * @param owner User and group number.
 */
export async function writeVolumeFiles(
  place: VolumePlace,
  owner: number,
  files: Record<string, string>,
  pool: SshPool,
): Promise<void> {
  const archive = pack();
  const owned = { uid: owner, gid: owner };
  // Docker keeps the mode of the directory into which it unpacks, so this unpacks from the root.
  archive.entry({ name: `${folder.slice(1)}/`, type: "directory", mode: 0o500, ...owned });
  for (const [name, content] of Object.entries(files))
    archive.entry({ name: `${folder.slice(1)}/${name}`, mode: 0o400, ...owned }, content);
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  await withReach(place, pool, (container) => container.putArchive(Buffer.concat(chunks), { path: "/" }));
}

/** The content of each file in a volume's first level; undefined if there is no such volume. */
export async function readVolumeFiles(
  place: VolumePlace,
  pool: SshPool,
): Promise<Record<string, string> | undefined> {
  const docker = dockerFor(place.dockerVia, pool);
  const { Volumes } = await docker.listVolumes({ filters: JSON.stringify({ name: [place.volume] }) });
  if (!Volumes?.some(({ Name }) => Name === place.volume)) return undefined;
  const files: Record<string, string> = {};
  await withReach(place, pool, async (container) => {
    const entries = extract();
    entries.on("entry", async ({ name, type }: Headers, content, next) => {
      const chunks: Buffer[] = [];
      for await (const chunk of content) chunks.push(chunk as Buffer);
      if (type === "file") files[name.replace(/^[^/]*\//, "")] = Buffer.concat(chunks).toString();
      next();
    });
    const archive = await container.getArchive({ path: `${folder}/.` });
    await new Promise<void>((resolve, reject) => {
      archive.on("error", reject).pipe(entries).on("error", reject).on("finish", resolve);
    });
  });
  return files;
}

/** Gives `act` access to the volume through a container that is never started. */
async function withReach(
  { volume, image, dockerVia }: VolumePlace,
  pool: SshPool,
  act: (container: Docker.Container) => Promise<unknown>,
): Promise<void> {
  const docker = dockerFor(dockerVia, pool);
  // A killed run left its container behind, and the volume can't be removed while that exists.
  const label = `${mark}=${volume}`;
  const left = await docker.listContainers({ all: true, filters: JSON.stringify({ label: [label] }) });
  for (const { Id } of left)
    await docker
      .getContainer(Id)
      .remove({ force: true, v: true })
      .catch(() => {});
  const container = await reach(docker, volume, image);
  try {
    await act(container);
  } finally {
    await container.remove({ force: true, v: true });
  }
}

async function reach(docker: Docker, volume: string, image: string): Promise<Docker.Container> {
  try {
    const { Labels } = await docker.getVolume(volume).inspect();
    return await docker.createContainer({
      Image: image,
      // Whoever removes the volume by its labels also removes what holds it.
      Labels: { ...Labels, [mark]: volume },
      HostConfig: {
        NetworkMode: "none",
        Mounts: [{ Type: "volume", Source: volume, Target: folder, ReadOnly: false }],
      },
    });
  } catch (error) {
    throw new WikiferryError(
      "SECRET_FILES",
      `Docker can't reach into the volume ${volume} (${messageOf(error).trim()})`,
      "See `docker volume ls` and `docker images` on the new host, then run `pulumi up` again",
      { cause: error },
    );
  }
}
