import { createHash, randomBytes } from "node:crypto";
import { cp, mkdir, readdir, readFile, readlink, rename, rm, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";

/** SHA-256 of each file by its path below the directory. */
export async function hashes(directory: string): Promise<Map<string, string>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const hashed = files.sort().map(async (file) => {
    const hash = createHash("sha256")
      .update(await readFile(file))
      .digest("hex");
    return [file.slice(directory.length + 1), hash] as const;
  });
  return new Map(await Promise.all(hashed));
}

/** Paths of the files that differ or that only one of the two has. */
export async function differences(one: string, other: string): Promise<string[]> {
  const [a, b] = [await hashes(one), await hashes(other)];
  return [...new Set([...a.keys(), ...b.keys()])].filter((path) => a.get(path) !== b.get(path)).sort();
}

/** Makes `to` equal to `from`. Each file appears whole. */
export async function copy(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  const wanted = await hashes(from);
  for (const path of await differences(from, to)) {
    const target = join(to, path);
    if (!wanted.has(path)) {
      await rm(target);
      continue;
    }
    const unfinished = join(dirname(target), `.${randomBytes(6).toString("hex")}`);
    await cp(join(from, path), unfinished);
    await rename(unfinished, target);
  }
}

/** Points the link to the directory, in one step. */
export async function turnLink(link: string, directory: string): Promise<void> {
  const next = `${link}.${randomBytes(6).toString("hex")}`;
  await symlink(directory, next);
  await rename(next, link);
}

/** Where the link points; undefined if there is none. */
export const linkTarget = (link: string): Promise<string | undefined> =>
  readlink(link).catch(() => undefined);
