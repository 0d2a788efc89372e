import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** Official images by name, each with the digest that was pulled for it: `haproxy:2.6` → `haproxy@sha256:…`. */
export type Digests = Readonly<Record<string, string>>;

/** The content of a digest lock; empty where there is no lock yet. */
export function readDigests(file: string): Digests {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw error;
  }
}

/** Replaces a digest lock as a whole, with its names sorted. */
export function writeDigests(file: string, digests: Digests): void {
  mkdirSync(dirname(file), { recursive: true });
  const sorted = Object.fromEntries(Object.entries(digests).sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(`${file}.new`, `${JSON.stringify(sorted, null, 2)}\n`);
  renameSync(`${file}.new`, file);
}

/** The digest under which an image was pulled. An image that was built or loaded here has none. */
export function digestOf(image: string, repoDigests: readonly string[] | undefined): string | undefined {
  const repository = image.replace(/:[^:/]+$/, "").replace(/^docker\.io\/(library\/)?/, "");
  return repoDigests?.find((digest) => digest.startsWith(`${repository}@sha256:`));
}
