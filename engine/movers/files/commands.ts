const heard = "--timeout=N --backup-dir /state/replaced/now";
const kept = "--timeout=N --backup-dir .wikiferry-replaced/N";
const owner = "--usermap=*:UID --groupmap=*:GID";

/**
 * Every command that file-sync's passes ask blue's sshd to run, and so everything that its key may run.
 * test/integration/engine/movers/files/fileSyncKey.test.ts compares this list with what the passes send
 * (components/fileSync/image/rsyncs.sh).
 *
 * The comparison is exact except for placeholders: `e.` stands for rsync's own letters about its abilities, `N` for
 * digits, `UID` and `GID` for the owner of blue's uploads; `.` and the directory come last. A push has no `--links`:
 * without it blue's rsync creates no link, and a link that green planted could lead it to any other file. No command
 * has the options that follow a link (`-L`, `-K`, `-k`). `/state/replaced/now` is a directory on green; a sender only
 * receives its name.
 */
export const passCommands: Readonly<Record<"pull" | "push", readonly string[]>> = {
  // Blue reads: scan, carry, delete, named.
  pull: [
    "rsync --server --sender -nltpre. --timeout=N --safe-links",
    `rsync --server --sender -bldtpRe. ${heard} --ignore-missing-args --safe-links --files-from=- --from0 --no-implied-dirs`,
    `rsync --server --sender -bldtpRe. ${heard} --delete-missing-args --safe-links --files-from=- --from0 --no-implied-dirs`,
    `rsync --server --sender -bltprRe. ${heard} --ignore-missing-args --safe-links --files-from=- --from0`,
  ],
  // Blue writes.
  push: [
    "rsync --server -nOtre. --log-format=%i --timeout=N --delete --stats",
    `rsync --server -bdOogtpRe. ${kept} --stats --partial-dir .wikiferry-partial ${owner} --no-implied-dirs`,
    `rsync --server -bdOogtpRe. ${kept} --max-delete=N --force --stats --delete-missing-args ${owner} --no-implied-dirs`,
    `rsync --server -bOogtprRe. ${kept} --max-delete=N --delete-after --stats --partial-dir .wikiferry-partial ${owner}`,
  ],
};

/** What runs before a pass: whether the source is empty, and where blue keeps what is replaced. */
export const plainCommands = (directory: string): readonly string[] => [
  `ls -A '${directory}' | head -n 5 | wc -l`,
  `mkdir -p -m 0700 '${directory}/.wikiferry-replaced'`,
];
