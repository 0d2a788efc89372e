import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";

/** The value of `ARG BASE=` in a Dockerfile: the official image, or another of ours. */
export function baseIn(dockerfile: string): string | undefined {
  return /^ARG\s+BASE=["']?([^\s"']+)/m.exec(dockerfile)?.[1];
}

/** Sorted paths of all files below a folder, relative to it. */
export function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

/** The repository of a service's image, `wikiferry/file-sync` for `fileSync`. Docker takes lower case only. */
export function repositoryOf(service: string): string {
  return `wikiferry/${service.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/**
 * The name of a service's image, the same wherever it is built, so that it is built once: `wikiferry/<service>:` and
 * twelve hexadecimal digits over its base and over the names, modes and contents of its folder.
 * @param base As Docker knows it, such as `mariadb:10.11`.
 */
export function imageName(service: string, folder: string, base: string): string {
  const hash = createHash("sha256").update(base);
  for (const name of filesIn(folder)) {
    const path = join(folder, name);
    const executable = (statSync(path).mode & 0o111) !== 0;
    const content = readFileSync(path);
    hash.update(`\0${name}\0${executable ? "x" : "-"}\0${content.length}\0`).update(content);
  }
  return `${repositoryOf(service)}:${hash.digest("hex").slice(0, 12)}`;
}
