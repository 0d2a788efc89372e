import { quote } from "../../runtime/ssh/quote";

/**
 * What lies in an upload directory and is no upload: thumbnails, and the scratch space of MediaWiki and rsync. A
 * symbolic link of such a name is left out as well.
 */
const skipped = ["thumb", "temp", "lockdir", "lock_yBgMBwiR", ".wikiferry-replaced"];

/**
 * A shell command that walks an upload directory and applies `action` to everything that a pass copies.
 * @param action In find's syntax, such as `-type f -print0`.
 */
export function walkCommand(directory: string, action: string): string {
  const names = skipped.map((name) => `-path ./${name}`);
  return `cd ${quote(directory)} && find . \\( ${names.join(" -o ")} -o -name .wikiferry-partial \\) -prune -o ${action}`;
}

/** Whether passes leave out a path relative to the upload directory. */
export function isSkipped(path: string): boolean {
  return skipped.includes(path.split("/")[0] as string) || path.split("/").includes(".wikiferry-partial");
}

/** A directory without slashes at its end. */
export function trimmed(directory: string): string {
  return directory.replace(/\/+$/, "");
}
