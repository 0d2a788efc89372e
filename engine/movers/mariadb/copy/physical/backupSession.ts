import type { DatabaseAccess } from "../../../../move";
import type { Spawned, SshConnection } from "../../../../runtime/ssh/connection";
import { hostFileFunctions } from "../../../../runtime/ssh/hostFile";
import { quote } from "../../../../runtime/ssh/quote";
import { accessFile } from "../access";
import { backupFailed } from "./failures";

/** Marks the line in `authorized_keys`. */
const mark = "wikiferry-copy";

/**
 * What a backup needs on blue's host, for as long as this session lasts: the access data in a file that only this user
 * can read, the script that makes the backup, and a key for this run that can call the script and nothing else. The
 * session ends with the tool, whatever happens to it, and removes everything.
 */
const custodianScript = `set -u; umask 077
directory=$(mktemp -d /tmp/wikiferry-backup.XXXXXXXX) || exit 70
line=
${hostFileFunctions}
end() {
  trap '' HUP INT TERM PIPE
  [ -z "$line" ] || edit_keys ${mark}
  for process in /proc/[0-9]*; do
    if tr '\\0' ' ' <"$process/cmdline" 2>/dev/null | grep -q -- "--defaults-file=$directory/"; then kill "\${process#/proc/}" 2>/dev/null; fi
  done
  rm -rf "$directory"
}
trap end EXIT
trap 'exit 129' HUP INT TERM PIPE
IFS= read -r line
while IFS= read -r access && [ "$access" != end ]; do printf '%s\\n' "$access"; done >"$directory/access.cnf"
cat >"$directory/run" <<RUN
directory=$directory; datadir='$datadir'
RUN
cat >>"$directory/run" <<'RUN'
set -u; umask 077
packed=no
case \${SSH_ORIGINAL_COMMAND:-$*} in
  probe) exec timeout 1 head -c 8388608 /dev/zero ;;
  backup) ;;
  'backup packed') packed=yes ;;
  *) exit 64 ;;
esac
program=$(command -v mariadb-backup || command -v mariabackup) || { echo 'mariadb-backup is not installed' >"$directory/log"; exit 71; }
backup() {
  "$program" --defaults-file="$directory/access.cnf" --backup --stream=xbstream --target-dir="$directory/work" \\
    --datadir="$datadir" --parallel=2 --open-files-limit=65535 2>"$directory/log"
}
if [ "$packed" = no ]; then backup; exit; fi
{ backup; echo $? >"$directory/status"; } | zstd -q -c -3 -T2 || exit
exit "$(cat "$directory/status")"
RUN
if [ -n "$line" ]; then
  edit_keys ${mark} "restrict,command=\\"sh $directory/run\\" $line ${mark}" || exit 72
fi
echo "$directory"
cat >/dev/null`;

const sweepScript = `for process in /proc/[0-9]*; do
  if tr '\\0' ' ' <"$process/cmdline" 2>/dev/null | grep -q -- '--defaults-file=/tmp/wikiferry-backup[.]'; then kill "\${process#/proc/}" 2>/dev/null; fi
done
${hostFileFunctions}
edit_keys ${mark}
find /tmp -maxdepth 1 -name 'wikiferry-backup.????????' -user "$(id -un)" -exec rm -rf {} +`;

/** Ends a backup that an earlier run left behind, and removes its access data and its key. */
export async function sweepBackups(ssh: SshConnection): Promise<void> {
  await ssh.exec(sweepScript);
}

/** 128 and SIGPIPE. */
const brokenPipe = 141;

export interface BackupSession {
  /** Makes the backup on its standard output. Its argument is `backup` or `backup packed`. */
  script: string;
  /** Checks that the backup that it made is complete. @throws `COPY_BACKUP_FAILED` */
  whole(exitCode: number): Promise<void>;
  /** Whether it ended because nobody read its output any more. */
  wasNotTaken(exitCode: number): Promise<boolean>;
  /** Removes everything again. */
  release(): Promise<void>;
}

/** @param publicKey Of the client that may call the script over SSH. Without it only the tool calls it. */
export async function openBackupSession(
  ssh: SshConnection,
  place: Pick<DatabaseAccess, "admin" | "adminUser">,
  password: string,
  datadir: string,
  publicKey = "",
): Promise<BackupSession> {
  const { channel, exited, closed } = await ssh.spawn(`datadir=${quote(datadir)}; ${custodianScript}`);
  channel.stderr.resume();
  const key = publicKey.trim().split(/\s+/).slice(0, 2).join(" ");
  channel.write(`${key}\n${accessFile(place, password)}end\n`);
  const directory = await firstLine({ channel, exited, closed });
  channel.resume();
  const log = async () => (await ssh.exec(`tail -c 4000 ${directory}/log`)).stdout;
  return {
    script: `${directory}/run`,
    wasNotTaken: async (exitCode) => exitCode === brokenPipe || /Errcode: 32|Broken pipe/.test(await log()),
    async whole(exitCode) {
      const said = await log();
      if (exitCode === 0 && /completed OK!/.test(said)) return;
      throw backupFailed(
        `mariadb-backup on blue ended with exit code ${exitCode}: ${lastWords(said) || "it said nothing"}`,
      );
    },
    async release() {
      channel.end();
      await closed;
    },
  };
}

async function firstLine({ channel, exited }: Spawned): Promise<string> {
  const failed = exited.then((code) => {
    throw backupFailed(`it could not be set up on blue's host, exit code ${code}`);
  });
  const line = new Promise<string>((resolve) => {
    let said = "";
    const take = (chunk: Buffer) => {
      said += chunk;
      if (!said.includes("\n")) return;
      channel.off("data", take);
      resolve(said.split("\n")[0] as string);
    };
    channel.on("data", take);
  });
  return await Promise.race([line, failed]);
}

/** The last lines of mariadb-backup's output, without the clock and the progress. */
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
