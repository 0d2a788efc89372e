import { passCommands, plainCommands } from "./commands";

/** Marks the line in `authorized_keys`. */
export const fileSyncMark = "wikiferry-file-sync";

/**
 * A script for blue's `sh` that runs `SSH_ORIGINAL_COMMAND` if it is one of the passes' commands, and nothing
 * otherwise. It never evaluates the text: it splits it into words, replaces what varies with the list's placeholders,
 * and compares the whole.
 * @param directory Only letters, digits and `._/+-`.
 * @param owner Numbers of the user and group to whom blue's rsync may give files, `33:33`.
 */
export function forcedCommand(directory: string, owner: string): string {
  const [uid, gid] = owner.split(":") as [string, string];
  const allowed = Object.values(passCommands)
    .flat()
    .map((command) => `" ${command.replace("*:UID", `*:${uid}`).replace("*:GID", `*:${gid}`)} . $d/"`);
  return [
    `set -fu; LC_ALL=C; IFS=' '; c=\${SSH_ORIGINAL_COMMAND-}`,
    "no() { echo 'wikiferry-file-sync: refused' >&2; exit 1; }",
    "n() { case $1 in ''|*[!0-9]*|?????????????????*) no ;; esac; }",
    `d='${directory}'`,
    ...plainCommands(directory).map((command) => `if [ "$c" = "${command}" ]; then ${command}; exit; fi`),
    `case $c in *[!A-Za-z0-9=,._:%/+*\\\\' '-]*) no ;; esac`,
    // Each word $w is appended to the arguments as rsync should receive it, and to $k as the list spells it.
    "set -- $c; i=$#; k=; p=",
    "while [ $i -gt 0 ]; do i=$((i - 1)); w=$1; v=$w; shift",
    [
      "case $p,$w in",
      `--backup-dir,.wikiferry-replaced/*) v=\${w#*/}; n "$v"; v=.wikiferry-replaced/N ;;`,
      // Before it deletes anything, a pass counts with a limit of none.
      "*,--max-delete=-1) v=--max-delete=N ;;",
      `*,--timeout=*|*,--max-delete=*) n "\${w#*=}"; v=\${w%%=*}=N ;;`,
      // The remote shell would remove a backslash.
      `*,--usermap=\\\\\\**|*,--groupmap=\\\\\\**) w=\${w%%=*}=\${w#*=?}; v=$w ;;`,
      "*,--*) ;;",
      `*,-*e.*) v=\${w#*e.}; case $v in ''|*[!A-Za-z]*) no ;; esac; v=\${w%%e.*}e. ;;`,
      "esac",
    ].join(" "),
    `k="$k $v"; p=$w; set -- "$@" "$w"; done`,
    `case $k in ${allowed.join("|")}) exec "$@" ;; esac`,
    "no",
  ].join("; ");
}

export interface Allowed {
  /** The upload directory. Only letters, digits and `._/+-`, because it is compared as text. */
  directory: string;
  /** Numbers of the user and group to whom the uploads on blue belong, `33:33`. */
  owner: string;
  /** Addresses from which the key is accepted, as for sshd(8)'s `from=`. Defaults to any. */
  from?: string;
}

/**
 * The line of `authorized_keys` that lets file-sync copy files below one directory and nothing else: no terminal, no
 * forwarding, no other command.
 */
export function authorizedLine(publicKey: string, { directory, owner, from }: Allowed): string {
  const [type, key] = publicKey.trim().split(/\s+/);
  const options = [
    "restrict",
    ...(from ? [`from="${from}"`] : []),
    `command="${forcedCommand(directory, owner).replaceAll('"', '\\"')}"`,
  ];
  return `${options.join(",")} ${type} ${key} ${fileSyncMark}`;
}

/** The line of `known_hosts` that pins a host's key. */
export function knownHostsLine(host: string, port: number, hostKey: string): string {
  const [type, key] = hostKey.trim().split(/\s+/);
  return `${port === 22 ? host : `[${host}]:${port}`} ${type} ${key}\n`;
}
