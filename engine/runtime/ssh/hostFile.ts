import { WikiferryError } from "../../errors";
import type { SshConnection } from "./connection";
import { quote } from "./quote";

/**
 * Shell functions that change a file on a host so that it is either the old or the new one, whatever happens: a full
 * disk, a kill, another run at the same time. For `sh` of Debian and BusyBox. Both are quiet, and print on standard
 * error why nothing was changed.
 *
 * - `put_file FILE SIZE [MODE OWNER:GROUP]`: standard input, SIZE bytes, becomes FILE. Without a mode it keeps its own.
 * - `edit_keys MARK [LINE]`: exactly LINE, or no line, is the one of `authorized_keys` that ends with MARK; every other
 *   byte stays.
 *
 * A draft in the same directory replaces the file in one step, once it has the expected size and is on the disk. A
 * symbolic link stays a link: its target is changed. The lock is on the directory, so no lock file is left behind.
 */
export const hostFileFunctions = `
no_change() { echo "$1: nothing was changed" >&2; exit 1; }

# Of FILE: where it lies, the lock, and an empty draft. Drafts of killed runs go.
begin_change() {
  target=$(readlink -f -- "$1") || no_change "$1 leads nowhere"
  folder=$(dirname -- "$target")
  [ ! -e "$target" ] || [ -f "$target" ] || no_change "$target is no regular file"
  command -v flock >/dev/null || no_change "there is no flock on this host"
  exec 9<"$folder" || no_change "$folder can't be read"
  turn=0
  until flock -n 9; do
    turn=$((turn + 1))
    [ "$turn" -le 300 ] || no_change "another run has been changing files of $folder for 30 s"
    sleep 0.1
  done
  rm -f -- "$folder"/.wikiferry-draft.??????
  before=$(sum_of) || no_change "$target can't be read"
  draft=$(mktemp "$folder/.wikiferry-draft.XXXXXX") || no_change "no file can be made in $folder"
  trap 'rm -f -- "$draft"' EXIT
  # Owner, mode and access list, too; the content is replaced.
  [ ! -e "$target" ] || cp -p -- "$target" "$draft" || no_change "$target can't be copied"
}

sum_of() { if [ -e "$target" ]; then cksum <"$target"; else echo none; fi; }
size_of() { wc -c <"$1"; }
rights_of() { stat -c %u:%g:%a -- "$1"; }

# The draft, if it has this size, in the place of the file.
end_change() {
  sync -- "$draft" 2>/dev/null || sync || no_change "the disk does not take $target"
  [ "$(size_of "$draft")" -eq "$1" ] || no_change "the new $target would have $(size_of "$draft") bytes instead of $1"
  if command -v selinuxenabled >/dev/null && selinuxenabled; then
    if [ -e "$target" ]; then chcon --reference="$target" -- "$draft"; else restorecon -- "$draft"; fi || no_change "the SELinux context of $target can't be kept"
  fi
  [ "$(sum_of)" = "$before" ] || no_change "somebody else has just changed $target"
  mv -f -- "$draft" "$target" || no_change "$target can't be replaced"
  sync -- "$folder" 2>/dev/null || sync
}

put_file() (
  umask 077
  begin_change "$1"
  cat >"$draft" || no_change "the new $target can't be written"
  if [ $# -gt 2 ]; then
    chown "$4" -- "$draft" && chmod "$3" -- "$draft" || no_change "$target can't be given to $4"
  fi
  end_change "$2"
)

edit_keys() (
  umask 077
  mark=$1 line=\${2:-}
  keys=$HOME/.ssh/authorized_keys
  [ -n "$line" ] || [ -e "$keys" ] || exit 0
  mkdir -p -- "$HOME/.ssh" || no_change "$HOME/.ssh can't be made"
  begin_change "$keys"
  old=0 ours=0
  LC_ALL=C; export LC_ALL
  if [ -e "$target" ]; then
    old=$(size_of "$target") || no_change "$target can't be read"
    found=$(sed -n "/ $mark\\$/p" <"$target") || no_change "$target can't be read"
    [ "$found" != "$line" ] || exit 0
    ours=$(sed -n "/ $mark\\$/p" <"$target" | wc -c)
    sed "/ $mark\\$/d" <"$target" >"$draft" || no_change "the new $target can't be written"
    [ "$(rights_of "$draft")" = "$(rights_of "$target")" ] || no_change "owner and mode of $target can't be kept"
  fi
  wanted=$((old - ours))
  if [ -n "$line" ]; then
    if [ -n "$(tail -c 1 <"$draft")" ]; then
      echo >>"$draft" || no_change "the new $target can't be written"
      wanted=$((wanted + 1))
    fi
    printf '%s\\n' "$line" >>"$draft" || no_change "the new $target can't be written"
    wanted=$((wanted + \${#line} + 1))
  fi
  end_change "$wanted"
)
`;

/** @param access Mode and owner, such as `0644 root:root`. @throws `HOST_FILE` */
export async function putHostFile(
  ssh: SshConnection,
  path: string,
  content: string,
  access: `${string} ${string}:${string}`,
): Promise<void> {
  const size = Buffer.byteLength(content);
  await change(ssh, path, `put_file ${quote(path)} ${size} ${access}`, content);
}

/**
 * Leaves exactly `line` as the line of the SSH user's `authorized_keys` that ends with `mark`, or none.
 * @throws `HOST_FILE`
 */
export async function editAuthorizedKeys(ssh: SshConnection, mark: string, line?: string): Promise<void> {
  await change(ssh, "~/.ssh/authorized_keys", `edit_keys ${mark} "$(cat)"`, line ?? "");
}

async function change(ssh: SshConnection, path: string, call: string, stdin: string): Promise<void> {
  const { exitCode, stderr } = await ssh.exec(`${hostFileFunctions}\n${call}`, stdin);
  if (exitCode === 0) return;
  throw new WikiferryError(
    "HOST_FILE",
    `${path} on ${ssh.target.host} could not be changed (exit code ${exitCode}): ${stderr.trim().slice(-500)}`,
    "The file is unchanged. See the free space on that disk and the permissions of the file and its directory, then run this again",
  );
}
