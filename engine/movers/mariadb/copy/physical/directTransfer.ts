import type { SshTarget } from "../../../../move";
import { quote } from "../../../../runtime/ssh/quote";
import type { CopyContext } from "../context";
import { type BackupSession, lastWords } from "./backupSession";
import { backupFailed, receiveFailed } from "./failures";
import { unstream, workInGreen } from "./incoming";

/** ssh's exit code when it could not connect, or was disconnected. */
const sshFailed = 255;
/** The script's exit code where blue can't be reached (EX_TEMPFAIL). */
const noWay = 75;

/** Where green's container may reach blue's SSH, most likely first. Addresses meant only for the tool are left out. */
export function candidates(ssh: SshTarget, replicationHost: string): { host: string; port: number }[] {
  const all = [
    { host: replicationHost, port: ssh.port },
    { host: replicationHost, port: 22 },
    { host: ssh.host, port: ssh.port },
  ];
  const seen = new Set<string>();
  return all.filter(({ host, port }) => {
    const key = `${host}:${port}`;
    if (/^(127\.|localhost$|::1$)/.test(host) || !/^[A-Za-z0-9.:_-]+$/.test(host) || seen.has(key))
      return false;
    seen.add(key);
    return true;
  });
}

/**
 * Streams the backup from blue's host directly into green's container, with a key that can do nothing else, so that
 * none of it passes through the tool's own link.
 * @param packBelow A link slower than this, in bytes per second, is worth compressing for; 0 means none.
 * @returns false if there is no such path; then nothing was started
 * @throws `COPY_BACKUP_FAILED`, `COPY_RECEIVE_FAILED`
 */
export async function transferDirectly(
  ctx: CopyContext,
  custodian: BackupSession,
  privateKey: string,
  packBelow: number,
): Promise<boolean> {
  const { ssh, replication } = ctx.spec.blue.database;
  const places = candidates(ssh, replication.host);
  if (places.length === 0) return false;
  const limit = ctx.spec.copy.maxBytesPerSecond;
  const hostKey = ssh.hostKey.trim().split(/\s+/).slice(0, 2).join(" ");
  const script = `key=$(mktemp /tmp/wikiferry-key.XXXXXXXX); trap 'rm -f "$key" "$key.hosts" "$key.way"' EXIT
cat >"$key"; echo 'blue ${hostKey}' >"$key.hosts"
way() {
  ssh -F /dev/null -i "$key" -p "$port" -o IdentitiesOnly=yes -o BatchMode=yes -o StrictHostKeyChecking=yes \\
    -o UserKnownHostsFile="$key.hosts" -o GlobalKnownHostsFile=/dev/null -o HostKeyAlias=blue -o ConnectTimeout=5 \\
    -o ServerAliveInterval=10 -o ServerAliveCountMax=3 -o LogLevel=ERROR \\
    -o ControlMaster=auto -o ControlPath="$key.way" -o ControlPersist=5 \\
    -c aes128-gcm@openssh.com,aes256-gcm@openssh.com,chacha20-poly1305@openssh.com,aes128-ctr ${quote(ssh.user)}@"$host" "$1"
}
measure() { # bytes per second, without the beginning and the end of a session, which take their time
  head -c 1000000 >/dev/null; since=$(date +%s%N); bytes=$(head -c 7000000 | wc -c)
  echo $((bytes * 1000000 / (($(date +%s%N) - since) / 1000 + 1)))
}
take() { ${unstream}; }
slowly() { pv -q -L $limit; }
unpack() { zstd -q -d -c; }
limit=${limit}; pack_below=${packBelow}
for place in ${places.map(({ host, port }) => `'${host} ${port}'`).join(" ")}; do
  host=\${place% *}; port=\${place##* }
  rate=$(way probe 2>/dev/null | measure)
  [ "$rate" -gt 0 ] || continue
  if [ $limit -gt 0 ] && [ $limit -lt $rate ]; then rate=$limit; fi
  if [ $rate -lt $pack_below ]; then packed=yes; else packed=no; fi
  case $packed-$limit in
  no-0) way backup | take; ended=\${PIPESTATUS[*]} ;;
  no-*) way backup | slowly | take; ended=\${PIPESTATUS[*]} ;;
  yes-0) way 'backup packed' | unpack | take; ended=\${PIPESTATUS[*]} ;;
  *) way 'backup packed' | slowly | unpack | take; ended=\${PIPESTATUS[*]} ;;
  esac
  echo "$ended"
  exit 0
done
exit ${noWay}`;
  const { exitCode, stdout, stderr } = await workInGreen(ctx, script, { stdin: privateKey });
  if (exitCode === noWay) return false;
  const [sent = -1, ...taken] = stdout.trim().split(" ").map(Number);
  if (exitCode !== 0 || stdout.trim() === "")
    throw receiveFailed(`exit code ${exitCode}, ${lastWords(stderr)}`);
  if (taken.some((code) => code !== 0) && (sent === 0 || (await custodian.wasNotTaken(sent))))
    throw receiveFailed(lastWords(stderr) || `exit codes ${taken.join(", ")}`);
  if (sent === sshFailed) throw backupFailed("the connection between green and blue's host was lost");
  await custodian.whole(sent);
  return true;
}
