import type { ExpectedFile } from "./layout";

/** Files of one side against MediaWiki's records. Paths are relative to the upload directory. */
export interface Comparison {
  /** Number of files that are as recorded. */
  sameFiles: number;
  /** Recorded and not there. */
  missing: string[];
  /** There with other content. */
  different: string[];
  /** There and not recorded: what never was MediaWiki's, or no longer is. */
  extra: string[];
  /** Missing or different on the side that serves as well: lost before the move. */
  brokenAtSource: string[];
}

/** @param hashes SHA-1 in hexadecimal by path */
export function compareFiles(expected: ExpectedFile[], hashes: Map<string, string>): Comparison {
  const result: Comparison = { sameFiles: 0, missing: [], different: [], extra: [], brokenAtSource: [] };
  const recorded = new Set<string>();
  for (const { path, sha1 } of expected) {
    // The same content deleted twice is one file.
    if (recorded.has(path)) continue;
    recorded.add(path);
    const found = hashes.get(path);
    if (found === undefined) result.missing.push(path);
    else if (found !== sha1) result.different.push(path);
    else result.sameFiles++;
  }
  result.extra = [...hashes.keys()].filter((path) => !recorded.has(path));
  return result;
}
