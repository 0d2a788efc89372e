/**
 * What the courier's rounds ask blue's sshd to run, and all that its key may: the one list of it, which
 * test/integration/courierKey.test.ts compares with what the rounds send (components/courier/image/round.sh).
 *
 * Exact, but for these: `e.` stands for rsync's own letters about its abilities, `N` for digits, `UID` and `GID` for the
 * owner of blue's uploads; `.` and the directory come last. A push has no `--links`: without it blue's rsync makes no link, and through a link that green planted it
 * could be led to any other file. The options that follow a link are in none (`-L`, `-K`, `-k`).
 */
export const roundCommands: Readonly<Record<"pull" | "push", readonly string[]>> = {
  // Blue reads.
  pull: [
    "rsync --server --sender -ltpre. --timeout=N",
    "rsync --server --sender -ltprRe. --timeout=N --ignore-missing-args --files-from=- --from0",
  ],
  // Blue writes.
  push: [
    "rsync --server -bOogtpre. --timeout=N --backup-dir .wikiferry-replaced/N --max-delete=N --delete-after --stats --partial-dir .wikiferry-partial --usermap=*:UID --groupmap=*:GID",
    "rsync --server -bOogtprRe. --timeout=N --backup-dir .wikiferry-replaced/N --max-delete=N --delete-after --stats --partial-dir .wikiferry-partial --usermap=*:UID --groupmap=*:GID",
  ],
};

/** Of a round before it begins: whether the source is empty, and where blue keeps what is replaced. */
export const plainCommands = (directory: string): readonly string[] => [
  `ls -A '${directory}' | head -n 5 | wc -l`,
  `mkdir -p -m 0700 '${directory}/.wikiferry-replaced'`,
];
