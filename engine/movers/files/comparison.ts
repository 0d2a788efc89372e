import { WikiferryError } from "../../errors";
import type { Side } from "../../move";
import type { ExpectedFile } from "./layout";

/** The files of one side compared with MediaWiki's records. Paths are relative to the upload directory. */
export interface Found {
  /** Number of files that are as recorded. */
  sameFiles: number;
  /** Recorded but missing. */
  missing: string[];
  /** Present with different content. */
  different: string[];
  /** Present and recorded without a SHA-1: only the other side can say what the content should be. */
  withoutHash: string[];
  /** Present and not recorded: never MediaWiki's, or no longer. */
  extra: string[];
}

/** Recorded files that are not as recorded on the serving side: lost before the move. */
export interface Broken {
  missing: string[];
  /** Zero bytes long, but recorded as longer. */
  empty: string[];
  different: string[];
}

/** Which of the recorded files a side has. */
export interface Present {
  recordedFiles: number;
  /** Few enough to be files that were lost long ago. */
  missing: string[];
}

/** What a comparison of the passive side found, what it repaired, and what is still wrong. */
export interface Comparison {
  /** Number of recorded files. */
  recorded: number;
  /** Number of files that are right on the passive side, repaired ones included. */
  sameFiles: number;
  /** Of those, files that are recorded without a SHA-1 and are the same on both sides. */
  withoutHash: number;
  /** What the passive side lacked, or had with different content, on the first look. */
  found: { missing: string[]; different: string[] };
  /** Of those, what was copied again and is now right. */
  mended: string[];
  /** Still missing. */
  missing: string[];
  /** Still with content that differs from the serving side. */
  different: string[];
  extra: string[];
  brokenAtSource: Broken;
}

/** SHA-1 of no bytes. */
const nothing = "da39a3ee5e6b4b0d3255bfef95601890afd80709";

/** @param hashes SHA-1 in hexadecimal by path */
export function compareFiles(expected: ExpectedFile[], hashes: Map<string, string>): Found {
  const result: Found = { sameFiles: 0, missing: [], different: [], withoutHash: [], extra: [] };
  const recorded = new Set<string>();
  for (const { path, sha1, bytes = 0 } of expected) {
    // The same content deleted twice is stored as one file.
    if (recorded.has(path)) continue;
    recorded.add(path);
    const found = hashes.get(path);
    if (found === undefined) result.missing.push(path);
    else if (sha1 === undefined && found === nothing && bytes > 0) result.different.push(path);
    else if (sha1 === undefined) result.withoutHash.push(path);
    else if (found !== sha1) result.different.push(path);
    else result.sameFiles++;
  }
  result.extra = [...hashes.keys()].filter((path) => !recorded.has(path));
  return result;
}

/** What is wrong on the serving side itself. */
export function brokenFiles(expected: ExpectedFile[], hashes: Map<string, string>): Broken {
  const { missing, different } = compareFiles(expected, hashes);
  return {
    missing,
    empty: different.filter((path) => hashes.get(path) === nothing),
    different: different.filter((path) => hashes.get(path) !== nothing),
  };
}

/**
 * Whether the share of broken files points to a wrong directory or a disk that is not mounted: more than 1 % and more
 * than three files, or more than half. A few missing files are normal in an old wiki.
 */
export function isNotable(brokenFiles: number, recordedFiles: number): boolean {
  return brokenFiles > Math.max(3, recordedFiles / 100) || brokenFiles > recordedFiles / 2;
}

/**
 * @param allowed Number of broken files that the config allows.
 * @throws `FILES_LOST`
 */
export function refuseLoss(side: Side, broken: Broken, recordedFiles: number, allowed: number): void {
  const all = [...broken.missing, ...broken.empty, ...broken.different];
  if (all.length <= allowed || !isNotable(all.length, recordedFiles)) return;
  throw new WikiferryError(
    "FILES_LOST",
    `of ${recordedFiles} files that MediaWiki has on record ${describeBroken(broken)} on ${side}`,
    `See that the upload directory is $wgUploadDirectory and that its disks are mounted. If those files are lost for good, set files.allowLost to ${all.length}`,
  );
}

/** `2 are missing (a, b), 1 is empty (c)`. */
export function describeBroken({ missing, empty, different }: Broken): string {
  const parts: string[] = [];
  const tell = (paths: string[], one: string, more: string) => {
    if (paths.length > 0)
      parts.push(`${paths.length} ${paths.length === 1 ? one : more} (${firstOf(paths)})`);
  };
  tell(missing, "is missing", "are missing");
  tell(empty, "is empty", "are empty");
  tell(different, "has other content", "have other content");
  return parts.join(", ");
}

/** One line: what was found, what was repaired. */
export function describeComparison(comparison: Comparison, passive: Side, serving: Side): string {
  const { recorded, sameFiles, withoutHash, found, mended, brokenAtSource } = comparison;
  const parts = [`${sameFiles} of ${recorded} files are equal to MediaWiki's SHA-1 on ${passive}`];
  if (withoutHash > 0) parts.push(`${withoutHash} of them have none and are equal on both sides`);
  const wrong = found.missing.length + found.different.length;
  if (wrong > 0) {
    parts.push(
      `found ${found.missing.length} missing and ${found.different.length} different (${firstOf([...found.missing, ...found.different])}), copied ${mended.length} of them again`,
    );
  }
  const broken = describeBroken(brokenAtSource);
  if (broken) parts.push(`on ${serving} already ${broken}`);
  return parts.join("; ");
}

/** `39 of 40 recorded files are there, 1 is missing (a/ab/Lost.png)`. */
export function describePresent({ recordedFiles, missing }: Present): string {
  const there = `${recordedFiles - missing.length} of ${recordedFiles} files that MediaWiki has on record are there`;
  const broken = describeBroken({ missing, empty: [], different: [] });
  return broken === "" ? there : `${there}, ${broken}`;
}

function firstOf(paths: string[]): string {
  return paths.length > 3 ? `${paths.slice(0, 3).join(", ")}, …` : paths.join(", ");
}
