/** By which the line is known in `authorized_keys`. */
export const courierMark = "wikiferry-courier";

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
    // A directory of green, of which a sender does nothing but hear.
    `case $o in *' --backup-dir /state/replaced/now '*) o=\${o%%' --backup-dir '*}\${o#*' /state/replaced/now'} ;; esac`,
    "case $o in *' /'*|*=/*|*..*|*[!A-Za-z0-9' '=,._:%/*\\\\\\\\-]*) no ;; esac",
    "eval exec $c",
  ].join("; ");
  const [type, key] = publicKey.trim().split(/\s+/);
  return `restrict,command="${forced.replace(/(?<!\\)"/g, '\\"')}" ${type} ${key} ${courierMark}`;
}

/** The line of `known_hosts` that pins a host's key. */
export function knownHostsLine(host: string, port: number, hostKey: string): string {
  const [type, key] = hostKey.trim().split(/\s+/);
  return `${port === 22 ? host : `[${host}]:${port}`} ${type} ${key}\n`;
}
