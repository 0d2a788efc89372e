import { quote } from "../ssh/quote";

const mark = "wikiferry-courier";

/**
 * The line of `authorized_keys` that lets the courier carry files below one directory, and do nothing else: no
 * terminal, no forwarding, and only the three commands of a round (rsync, a look whether the source is empty, making
 * the directory for replaced files).
 *
 * @param directory Only letters, digits and `._/+-`: it is compared as text.
 */
export function authorizedLine(publicKey: string, directory: string): string {
  const forced = [
    "set -f",
    "c=$SSH_ORIGINAL_COMMAND",
    "no() { echo 'wikiferry-courier: refused' >&2; exit 1; }",
    `case $c in \\"ls -A '${directory}' | head -n 5 | wc -l\\") ls -A '${directory}' | head -n 5 | wc -l; exit ;; esac`,
    `case $c in \\"mkdir -p -m 0700 '${directory}/.wikiferry-replaced'\\") exec mkdir -p -m 0700 '${directory}/.wikiferry-replaced' ;; esac`,
    `case $c in 'rsync --server '*' . ${directory}/') ;; *) no ;; esac`,
    `o=\${c%' . ${directory}/'}`,
    "case $o in *' /'*|*=/*|*..*|*[!A-Za-z0-9' '=,._:%/*\\\\\\\\-]*) no ;; esac",
    "eval exec $c",
  ].join("; ");
  const [type, key] = publicKey.trim().split(/\s+/);
  return `restrict,command="${forced.replace(/(?<!\\)"/g, '\\"')}" ${type} ${key} ${mark}`;
}

/** A shell command that leaves exactly the line on standard input as the courier's in `authorized_keys`. */
export const installCommand = [
  "set -eu; umask 077; mkdir -p ~/.ssh; f=~/.ssh/authorized_keys; touch $f; line=$(cat)",
  `if [ "$(grep -c ${quote(` ${mark}$`)} $f || true)" = 1 ] && grep -qxF -e "$line" $f; then exit 0; fi`,
  `{ grep -v ${quote(` ${mark}$`)} $f || true; printf '%s\\n' "$line"; } >$f.wikiferry`,
  "chmod 600 $f.wikiferry; mv $f.wikiferry $f",
].join("; ");

/** A shell command that takes the courier's line away. */
export const removeCommand = [
  "set -eu; umask 077; f=~/.ssh/authorized_keys; [ -e $f ] || exit 0",
  `grep -q ${quote(` ${mark}$`)} $f || exit 0`,
  `{ grep -v ${quote(` ${mark}$`)} $f || true; } >$f.wikiferry`,
  "chmod 600 $f.wikiferry; mv $f.wikiferry $f",
].join("; ");

/** The line of `known_hosts` that pins a host's key. */
export function knownHostsLine(host: string, port: number, hostKey: string): string {
  const [type, key] = hostKey.trim().split(/\s+/);
  return `${port === 22 ? host : `[${host}]:${port}`} ${type} ${key}\n`;
}
