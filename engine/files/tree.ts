import { quote } from "../ssh/quote";

/**
 * What lies in an upload directory and is no upload: thumbnails, MediaWiki's or rsync's own scratch space. A symbolic link
 * of such a name is left out as well.
 */
const skipped = ["thumb", "temp", "lockdir", "lock_yBgMBwiR", ".wikiferry-replaced"];

/**
 * A shell command that walks through an upload directory and does what `action` says with everything that a round
 * carries.
 *
 * @param action In find's words, such as `-type f -print0`.
 */
export function walkCommand(directory: string, action: string): string {
  const names = skipped.map((name) => `-path ./${name}`);
  return `cd ${quote(directory)} && find . \\( ${names.join(" -o ")} -o -name .wikiferry-partial \\) -prune -o ${action}`;
}

/** Whether a path relative to the upload directory is left out of rounds. */
export function isSkipped(path: string): boolean {
  return skipped.includes(path.split("/")[0] as string) || path.split("/").includes(".wikiferry-partial");
}
