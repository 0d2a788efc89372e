import { z } from "zod";
import { WikiferryError } from "../../errors";

const passSchema = z.object({
  passes: z.number(),
  direction: z.string(),
  startedMs: z.number(),
  endedMs: z.number(),
  exitCode: z.number(),
  filesSent: z.number(),
  filesDeleted: z.number(),
  sentBytes: z.number(),
  partial: z.boolean(),
  lastGoodStartMs: z.number(),
  wouldDelete: z.number(),
  held: z.string(),
  stderr: z.string(),
});

/** One pass of rsync, as file-sync records it. Times are file-sync's clock, in milliseconds since 1970. */
export interface Pass {
  /** Number of passes, this one included. */
  passes: number;
  /** `pull` to green, `push` to blue. */
  direction: string;
  startedMs: number;
  endedMs: number;
  /**
   * rsync's exit code, or 3 for an invalid setting, 4 for an empty source, 5 for a pass that is stopped because it
   * would delete too much, 75 when another pass took too long.
   */
  exitCode: number;
  filesSent: number;
  filesDeleted: number;
  sentBytes: number;
  /** True only for a pass of named files. */
  partial: boolean;
  /** Start of the last complete pass that succeeded, 0 if there was none. */
  lastGoodStartMs: number;
  /** Files that a complete pass found to delete, before it deleted any. */
  wouldDelete: number;
  /** Name of the stopped pass, as `files.allowDelete` takes it; empty if none is stopped. */
  held: string;
  stderr: string;
}

/** @throws `FILES_PASS` */
export function parsePass(text: string): Pass {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  const parsed = passSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new WikiferryError(
    "FILES_PASS",
    `file-sync's record of its last pass can't be read: "${text.trim().slice(0, 200)}"`,
    "See `docker logs` of file-sync; the next pass writes it again",
  );
}

/** Exit code of a pass that is stopped because it would delete too much. */
export const heldCode = 5;

const meanings: Record<number, string> = {
  3: "File-sync has no target: run `pulumi up` again",
  4: "See that the upload directory is the right one and that its disk is mounted; nothing was deleted",
  11: "See that the target's disk has room and that the files belong to www-data",
  12: "See that rsync is installed on blue's files host and that its disk has room",
  20: "The pass was interrupted; the next one continues where it ended",
  23: "These files could not be copied: see whether file-sync may read them at the source and write them at the target",
  24: "These files vanished during the copy, three times in a row: see what removes them, then run again",
  25: "More files disappeared at the source while the pass was deleting: run it again, it counts them first",
  30: "The connection stalled: see the network between green and blue's files host",
  75: "Another pass took more than two minutes: wait for it",
  255: "SSH from green to blue's files host fails: see host key, port and firewall",
};

/** A file that a pass could not copy, and the reason in rsync's words. */
export interface FailedFile {
  /** Relative to the upload directory, where that is known. */
  path: string;
  reason: string;
}

/** The files that rsync's messages name, each once. */
export function failedFiles(stderr: string, directories: readonly string[] = []): FailedFile[] {
  const found = new Map<string, FailedFile>();
  for (const line of stderr.split("\n")) {
    const [, before = "", name = "", after = ""] =
      /^(?:rsync: )?(?:\[\w+\] )?(.*?)"(.*)"(?: \(in .*?\))?(?:(?::| failed:) (.*))?$/.exec(line.trim()) ??
      [];
    if (name === "") continue;
    const home = directories.find((directory) => name.startsWith(`${directory.replace(/\/+$/, "")}/`));
    const path = home === undefined ? name : name.slice(home.replace(/\/+$/, "").length + 1);
    const reason = after.trim() || before.replace(/[:\s]+$/, "");
    if (!found.has(path)) found.set(path, { path, reason });
  }
  return [...found.values()];
}

const namedAtMost = 10;

/**
 * @param directories The upload directories on both sides, for the files' names.
 * @throws `FILES_SYNC` unless the pass succeeded, naming the files. rsync's 23 and 24 are failures too.
 * `FILES_DELETE_HELD` where it would delete too much
 */
export function checkPass(pass: Pass, directories: readonly string[] = []): Pass {
  if (pass.exitCode === 0) return pass;
  if (pass.exitCode === heldCode) {
    throw new WikiferryError(
      "FILES_DELETE_HELD",
      `the sync of uploads (${pass.direction}) is stopped: ${pass.stderr.trim()}`,
      pass.held
        ? `See that the source is complete. If these files are to go, set files.allowDelete to ${pass.held} and run \`pulumi up\``
        : "See that the source is complete. File-sync's next whole pass names the files",
    );
  }
  const files = failedFiles(pass.stderr, directories);
  const named = files.slice(0, namedAtMost).map(({ path, reason }) => `${path} (${reason})`);
  const more = files.length > namedAtMost ? ` and ${files.length - namedAtMost} more` : "";
  const what = files.length > 0 ? `${named.join(", ")}${more}` : pass.stderr.trim().slice(-500);
  throw new WikiferryError(
    "FILES_SYNC",
    `the sync of uploads (${pass.direction}) ended with exit code ${pass.exitCode}: ${what}`,
    meanings[pass.exitCode] ?? "See `man rsync`, exit values, and file-sync's log",
  );
}
