import { WikiferryError } from "../../errors";
import { walkCommand } from "./tree";

/** Owner and modes of new files on a side. */
export interface Rights {
  uid: number;
  gid: number;
  fileMode: number;
  directoryMode: number;
}

/** A shell command that counts owners and modes in an upload directory. */
export function rightsCommand(directory: string): string {
  const action = "\\( -type f -printf 'f %U %G %m\\n' -o -type d -printf 'd %U %G %m\\n' \\)";
  return `${walkCommand(directory, action)} | sort | uniq -c | sort -rn`;
}

/**
 * The owner of most files, and the modes of most files and directories. Where there are no files yet, those of the
 * directories. The owner can always read and write.
 * @throws `FILES_RIGHTS`
 */
export function parseRights(output: string): Rights {
  const counted = [...output.matchAll(/^ *\d+ ([fd]) (\d+) (\d+) ([0-7]+)$/gm)].map(
    ([, kind, uid, gid, mode]) => ({
      kind,
      uid: Number(uid),
      gid: Number(gid),
      mode: Number.parseInt(mode as string, 8),
    }),
  );
  const file = counted.find(({ kind }) => kind === "f");
  const directory = counted.find(({ kind }) => kind === "d");
  const owner = file ?? directory;
  if (!owner || !directory) {
    throw new WikiferryError(
      "FILES_RIGHTS",
      `can't tell who owns blue's uploads: "${output.trim().slice(0, 200)}"`,
      "See that find of GNU findutils is installed on blue's files host and that the SSH user may read the uploads",
    );
  }
  return {
    uid: owner.uid,
    gid: owner.gid,
    fileMode: ((file?.mode ?? directory.mode) & 0o666) | 0o600,
    directoryMode: directory.mode | 0o700,
  };
}
