import { posix } from "node:path";
import { WikiferryError } from "../../errors";
import type { Side } from "../../move";
import { isSkipped, walkCommand } from "./tree";

/** A symbolic link in the upload directory. */
export interface Link {
  /** Relative to the upload directory. */
  path: string;
  target: string;
}

/** A shell command that lists every symbolic link that a pass would meet, and its target. */
export function linksCommand(directory: string): string {
  return walkCommand(directory, "-type l -printf '%P\\0%l\\0'");
}

export function parseLinks(output: string): Link[] {
  const words = output.split("\0").slice(0, -1);
  const links: Link[] = [];
  for (let at = 0; at + 1 < words.length; at += 2)
    links.push({ path: words[at] as string, target: words[at + 1] as string });
  return links;
}

/** Links that would be broken on the other side, because their targets are not copied. */
export function leadingAway(links: readonly Link[]): Link[] {
  return links.filter(({ path, target }) => {
    if (posix.isAbsolute(target)) return true;
    const end = posix.normalize(posix.join(posix.dirname(path), target));
    return end === ".." || end.startsWith("../") || isSkipped(end);
  });
}

/** @throws `FILES_LINKS` */
export function refuseLinks(side: Side, links: readonly Link[]): void {
  const away = leadingAway(links);
  if (away.length === 0) return;
  const named = away.slice(0, 5).map(({ path, target }) => `${path} -> ${target}`);
  throw new WikiferryError(
    "FILES_LINKS",
    `${away.length} symbolic links in the upload directory on ${side} lead to files that are not copied, such as ${named.join(", ")}`,
    "Move each target to the link's place in the upload directory, or mount it there (`mount --bind`)",
  );
}
