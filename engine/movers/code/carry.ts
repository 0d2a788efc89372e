import { WikiferryError } from "../../errors";
import type { Report } from "../../progress";
import { VolumeTree } from "../../runtime/docker/volumeTree";
import { quote } from "../../runtime/ssh/quote";
import { type Entry, generationOf, type Hashes, manifestText, parseHashes } from "./entries";
import type { Mount } from "./roots";
import type { CodeHost, Survey } from "./survey";

/** Where carried code goes: a volume of green's, readable only by root on its host. */
export interface CodePlace {
  volume: string;
  /** An image of green's with sh and coreutils, on the engine. */
  image: string;
  dockerVia?: Parameters<typeof VolumeTree.within>[0]["dockerVia"];
  /** User and group number that PHP runs as there. */
  owner: number;
}

/** A directory or file of the volume, and where a container must see it. */
export interface CarriedMount {
  /** On the engine's host. */
  hostPath: string;
  containerPath: string;
}

export interface Carried {
  /** Names what was carried by its content. */
  generation: string;
  mounts: CarriedMount[];
  files: number;
  bytes: number;
}

/** How often carrying is begun again when somebody changes the code meanwhile. */
const attempts = 3;

/**
 * Carries the code that a survey has found into a directory of its own in the volume, and compares the SHA-256 of each
 * file there with blue's. Does nothing where the same code is there already. Directories of earlier code stay as long as
 * a container uses them.
 * @param look Surveys blue again.
 * @param extra More files for the containers, by their names below `site/`.
 * @throws `CODE_CHANGING` when blue's code changes during each attempt, `CODE_TRANSFER`
 */
export async function carry(
  host: CodeHost,
  place: CodePlace,
  look: () => Promise<Survey>,
  extra: Record<string, string>,
  report: Report,
): Promise<Carried> {
  return await VolumeTree.within(place, host.pool, async (tree) => {
    let reason = "";
    for (let attempt = 0; attempt < attempts; attempt++) {
      const found = await look();
      const files = found.entries.filter(({ type }) => type === "file");
      const hashes = await hashOnBlue(host, files);
      if (hashes.size !== files.length) {
        reason = `${files.length - hashes.size} files vanished`;
        continue;
      }
      const generation = generationOf(found.entries, hashes, extra);
      const carried = {
        generation,
        mounts: await mountsOn(tree, generation, found.mounts),
        files: files.length,
        bytes: found.bytes,
      };
      const names = await tree.names();
      if (names.includes(generation)) return carried;
      report({ step: "code", message: `carrying ${files.length} files to green` });
      await tree.run(`rm -rf -- *.part`);
      const part = `${generation}.part`;
      await tree.makeDirectories(part, `${part}/tree`, `${part}/site`);
      await transfer(host, found.entries, tree, `${part}/tree`, place.owner);
      await tree.writeFiles({ [`${part}/manifest.sha256`]: manifestText(hashes) }, 0, 0o400);
      await tree.writeFiles(
        Object.fromEntries(Object.entries(extra).map(([name, text]) => [`${part}/site/${name}`, text])),
        place.owner,
      );
      const checked = await tree.run(
        `cd ${part}/tree && sha256sum --quiet --strict --check ../manifest.sha256 && chmod 0755 . ../site && cd ../.. && mv ${part} ${generation}`,
      );
      if (checked.exitCode === 0) return carried;
      reason = checked.output.trim().split("\n").slice(0, 3).join(", ");
    }
    throw new WikiferryError(
      "CODE_CHANGING",
      `the wiki's code on blue was being changed during ${attempts} attempts to carry it (${reason})`,
      "Let the deployment or update on blue finish, then run `pulumi up` again",
    );
  });
}

/** Whether this code is in the volume. */
export async function isCarried(
  place: CodePlace,
  generation: string,
  pool: CodeHost["pool"],
): Promise<boolean> {
  return await VolumeTree.within(place, pool, async (tree) => (await tree.names()).includes(generation));
}

/** Removes code that no container uses, apart from `keep`. */
export async function forgetOld(
  place: CodePlace,
  keep: string,
  used: (hostPath: string) => boolean,
  pool: CodeHost["pool"],
): Promise<string[]> {
  return await VolumeTree.within(place, pool, async (tree) => {
    const mountpoint = await tree.mountpoint();
    const old = (await tree.names()).filter((name) => name !== keep && !used(`${mountpoint}/${name}`));
    if (old.length > 0) await tree.run(`rm -rf -- ${old.map(quote).join(" ")}`);
    return old;
  });
}

async function mountsOn(tree: VolumeTree, generation: string, mounts: Mount[]): Promise<CarriedMount[]> {
  const base = `${await tree.mountpoint()}/${generation}`;
  return [
    ...mounts.map(({ path, real }) => ({ hostPath: `${base}/tree${real}`, containerPath: path })),
    { hostPath: `${base}/site`, containerPath: "/etc/wikiferry/site" },
  ];
}

async function hashOnBlue({ ssh, pool }: CodeHost, files: readonly Entry[]): Promise<Hashes> {
  const connection = await pool.to(ssh);
  const list = files.map(({ path }) => `${path}\0`).join("");
  // A file that has vanished is missing from the answer, and the exit code says no more.
  const { stdout } = await connection.exec("xargs -0 -r sha256sum --zero --", list);
  return parseHashes(stdout);
}

async function transfer(
  { ssh, pool }: CodeHost,
  entries: readonly Entry[],
  tree: VolumeTree,
  directory: string,
  owner: number,
): Promise<void> {
  const command = [
    "tar --create --directory=/ --no-recursion --hard-dereference --warning=no-file-changed",
    `--numeric-owner --owner=:${owner} --group=:${owner} --mode=u+rX,go-w`,
    "--null --verbatim-files-from --files-from=-",
  ].join(" ");
  const { channel, exited } = await (await pool.to(ssh)).spawn(command);
  const complaints: Buffer[] = [];
  channel.stderr.on("data", (chunk: Buffer) => complaints.push(chunk));
  channel.end(entries.map(({ path }) => `${path.slice(1)}\0`).join(""));
  await tree.unpack(channel, directory);
  const exitCode = await exited;
  // 1 means that a file changed while it was read: the hashes tell.
  if (exitCode === 0 || exitCode === 1) return;
  throw new WikiferryError(
    "CODE_TRANSFER",
    `tar on ${ssh.host} ended with exit code ${exitCode}: ${Buffer.concat(complaints).toString().trim().slice(-300)}`,
    "See that the SSH user may read the wiki's code, and run `pulumi up` again",
  );
}
