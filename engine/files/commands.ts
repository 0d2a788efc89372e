const heard = "--timeout=N --backup-dir /state/replaced/now";
const kept = "--timeout=N --backup-dir .wikiferry-replaced/N";
const owner = "--usermap=*:UID --groupmap=*:GID";

/**
 * What the courier's rounds ask blue's sshd to run, and all that its key may: the one list of it, which
 * test/integration/courierKey.test.ts compares with what the rounds send (components/courier/image/rsyncs.sh).
 *
 * Exact, but for these: `e.` stands for rsync's own letters about its abilities, `N` for digits, `UID` and `GID` for the
 * owner of blue's uploads; `.` and the directory come last. A push has no `--links`: without it blue's rsync makes no
 * link, and through a link that green planted it could be led to any other file. The options that follow a link are in
 * none (`-L`, `-K`, `-k`). `/state/replaced/now` is a directory of green, of which a sender only hears.
 */
export const roundCommands: Readonly<Record<"pull" | "push", readonly string[]>> = {
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

/** Of a round before it begins: whether the source is empty, and where blue keeps what is replaced. */
export const plainCommands = (directory: string): readonly string[] => [
  `ls -A '${directory}' | head -n 5 | wc -l`,
  `mkdir -p -m 0700 '${directory}/.wikiferry-replaced'`,
];
