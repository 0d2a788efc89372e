import { quote } from "../../runtime/ssh/quote";
import { walkCommand } from "./tree";

/** A shell command that hashes every file below a directory. Names end with a NUL, so any character is safe in them. */
export function hashAllCommand(directory: string): string {
  return `${walkCommand(directory, "-type f -print0")} | xargs -0 -r sha1sum -z --`;
}

/** A shell command that hashes the files whose NUL-terminated names it reads. It skips missing ones silently. */
export function hashNamedCommand(directory: string): string {
  return `cd ${quote(directory)} && xargs -0 -r sha1sum -z -- 2>/dev/null; true`;
}

/** Parses the output of `sha1sum -z`: path without `./`, to 40 hexadecimal digits. */
export function parseHashes(output: string): Map<string, string> {
  const hashes = new Map<string, string>();
  for (const line of output.split("\0")) {
    const match = /^([0-9a-f]{40}) [ *](?:\.\/)?([\s\S]+)$/.exec(line);
    if (match) hashes.set(match[2] as string, match[1] as string);
  }
  return hashes;
}
