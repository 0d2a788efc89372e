import { createHash } from "node:crypto";

/** One thing of blue's file system that is carried. Paths are absolute and without symbolic links before the last name. */
export interface Entry {
  path: string;
  type: "file" | "directory" | "link";
  /** Octal permissions, such as `644`. */
  mode: string;
  bytes: number;
  /** Time of the last change in seconds since 1970, as find(1) prints it. */
  modified: string;
  /** What a link names, as it is written there; empty for everything else. */
  target: string;
}

/** The `-printf` of find(1) that `parseEntries` reads: fields end with a NUL byte, so no name can break them. */
export const entryFormat = "%y\\0%m\\0%s\\0%T@\\0%p\\0%l\\0";

const types: Record<string, Entry["type"]> = { f: "file", d: "directory", l: "link" };

/** Parses what find(1) prints with `entryFormat`. Sockets, pipes and devices are left out. */
export function parseEntries(output: string): Entry[] {
  const fields = output.split("\0");
  const entries: Entry[] = [];
  for (let at = 0; at + 5 < fields.length; at += 6) {
    const [type = "", mode = "", bytes = "", modified = "", path = "", target = ""] = fields.slice(
      at,
      at + 6,
    );
    const known = types[type];
    if (known) entries.push({ path, type: known, mode, bytes: Number(bytes), modified, target });
  }
  return entries;
}

/**
 * Tells whether anything was changed without reading a file: SHA-256 over type, mode, size, time and target of each, 16
 * hexadecimal digits. The size and the time of a directory say nothing more than the names in it.
 */
export function fingerprintOf(entries: readonly Entry[]): string {
  const hash = createHash("sha256");
  for (const { path, type, mode, bytes, modified, target } of sorted(entries)) {
    const content = type === "file" ? [bytes, modified] : [target];
    hash.update(`${JSON.stringify([path, type, mode, ...content])}\n`);
  }
  return hash.digest("hex").slice(0, 16);
}

/** SHA-256 of each file by its path. */
export type Hashes = Map<string, string>;

/** Parses `sha256sum --zero`. */
export function parseHashes(output: string): Hashes {
  const hashes: Hashes = new Map();
  for (const line of output.split("\0")) {
    const match = /^([0-9a-f]{64}) [ *]([\s\S]+)$/.exec(line);
    if (match?.[1] && match[2]) hashes.set(match[2], match[1]);
  }
  return hashes;
}

/**
 * Names a tree by what it holds: 16 hexadecimal digits, the same for the same files whenever they were written.
 * @param extra More files by name, which don't come from blue.
 */
export function generationOf(
  entries: readonly Entry[],
  hashes: Hashes,
  extra: Record<string, string> = {},
): string {
  const hash = createHash("sha256");
  hash.update(`${JSON.stringify(Object.entries(extra).sort())}\n`);
  for (const { path, type, mode, target } of sorted(entries))
    hash.update(`${JSON.stringify([path, type, mode, hashes.get(path) ?? target])}\n`);
  return hash.digest("hex").slice(0, 16);
}

/** The manifest as `sha256sum --check` reads it, with paths relative to `/`. */
export function manifestText(hashes: Hashes): string {
  const lines = [...hashes].map(([path, hash]) => {
    const name = path.slice(1);
    const escaped = name.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll("\r", "\\r");
    return `${escaped === name ? "" : "\\"}${hash}  ${escaped}\n`;
  });
  return lines.sort().join("");
}

function sorted(entries: readonly Entry[]): Entry[] {
  return [...entries].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}
