import { setTimeout as sleep } from "node:timers/promises";
import type { ClientChannel } from "ssh2";
import { WikiferryError } from "../../../errors";
import type { MoveSpec } from "../../../move";
import type { SshConnection } from "../../../ssh/connection";
import type { CopyContext } from "../copy";
import { quote } from "./facts";

/**
 * mariadb-backup on blue's host as one stream. The access data come by standard input and live in a file that only this
 * user can read, for as long as the backup runs. Its name tells a later run what to end.
 */
const backupScript = `set -u; umask 077
directory=$(mktemp -d /tmp/wikiferry-backup.XXXXXXXX) || exit 70
trap 'rm -rf "$directory"' EXIT
trap 'exit 129' HUP INT TERM PIPE
cat >"$directory/access.cnf"
program=$(command -v mariadb-backup || command -v mariabackup) || { echo 'mariadb-backup is not installed' >&2; exit 71; }
backup() {
  "$program" --defaults-file="$directory/access.cnf" --backup --stream=xbstream --target-dir="$directory/work" \\
    --datadir="$datadir" --parallel=2 --open-files-limit=65535
}
if [ "$packed" = no ]; then backup; exit; fi
{ backup; echo $? >"$directory/status"; } | zstd -q -c -3 -T2 || exit
exit "$(cat "$directory/status")"`;

const sweepScript = `for process in /proc/[0-9]*; do
  if tr '\\0' ' ' <"$process/cmdline" 2>/dev/null | grep -q -- '--defaults-file=/tmp/wikiferry-backup[.]'; then kill "\${process#/proc/}" 2>/dev/null; fi
done
find /tmp -maxdepth 1 -name 'wikiferry-backup.????????' -user "$(id -un)" -exec rm -rf {} +`;

/** Ends a backup that an earlier run left behind, and removes its access data. */
export async function sweepBackups(ssh: SshConnection): Promise<void> {
  await ssh.exec(sweepScript);
}

export interface Backup {
  channel: ClientChannel;
  /** Waits for its end. @throws `COPY_BACKUP_FAILED` unless it is whole, or was broken off before it ended */
  succeeded(): Promise<void>;
  /** Breaks it off. */
  stop(): void;
}

const brokenOff = "broken off";
const lost = "lost";
/** How long the last words of a backup that failed may take to arrive, in milliseconds. */
const lastWordsMs = 1_000;

/** @param packed Whether it is compressed with zstd on the way. */
export async function startBackup(ctx: CopyContext, packed: boolean): Promise<Backup> {
  const { blue, spec, secrets, pool } = ctx;
  const place = spec.blue.database;
  const ssh = await pool.to(place.ssh);
  const datadir = (await blue.value("SELECT @@GLOBAL.datadir")) ?? "/var/lib/mysql";
  const { channel, exited, closed } = await ssh.spawn(
    `datadir=${quote(datadir)}; packed=${packed ? "yes" : "no"}; ${backupScript}`,
  );
  // It says hundreds of lines; the last ones tell how it ended.
  let said = "";
  channel.stderr.on("data", (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-4_000);
  });
  let giveUp: (why: typeof brokenOff | typeof lost) => void = () => {};
  const givenUp = new Promise<typeof brokenOff | typeof lost>((resolve) => {
    giveUp = resolve;
  });
  const stop = (why: typeof brokenOff | typeof lost) => {
    giveUp(why);
    channel.destroy();
  };
  // A channel whose connection was cut does not always say so.
  ssh.onceClosed(() => stop(lost));
  const ended = Promise.race([exited, givenUp]);
  channel.end(accessFile(place, secrets.blueAdminPassword));
  return {
    channel,
    async succeeded() {
      const end = await ended;
      if (end === brokenOff) return;
      if (end === 0) await Promise.race([closed, givenUp]);
      else if (end !== lost) await Promise.race([closed, sleep(lastWordsMs)]);
      if (end === 0 && /completed OK!/.test(said)) return;
      throw new WikiferryError(
        "COPY_BACKUP_FAILED",
        end === lost
          ? "the connection to blue's host was lost while mariadb-backup ran there"
          : `mariadb-backup on blue ended with exit code ${end}: ${lastWords(said) || "it said nothing"}`,
        "See the reason; the next `pulumi up` copies anew. copy.method = logical does without mariadb-backup",
      );
    },
    stop: () => stop(brokenOff),
  };
}

/** The option file of one client, for a server as seen from blue's host. */
function accessFile(place: MoveSpec["blue"]["database"], password: string): string {
  const quoted = (text: string) => `"${text.replaceAll("\\", "\\\\")}"`;
  const { host, port } = place.admin;
  const where = host.startsWith("/") ? `socket=${quoted(host)}` : `host=${quoted(host)}\nport=${port}`;
  return `[client]\nuser=${quoted(place.adminUser)}\npassword=${quoted(password)}\n${where}\n`;
}

/** Of what mariadb-backup says, the last lines without the clock and the progress. */
export function lastWords(said: string): string {
  const lines = said
    .trim()
    .split("\n")
    .map((line) =>
      line
        .replace(/^\[\d+\] /, "")
        .replace(/\d{4}-\d\d-\d\d +\d+:\d\d:\d\d /, "")
        .trim(),
    )
    .filter((line) => line !== "" && !/^>> log scanned|^Streaming |^\.\.\.done|^Finished/.test(line));
  return lines.slice(-3).join("; ").slice(-500);
}
