#!/bin/sh
# sync-now [--files-from -]: one round right away (of the paths on standard input, one a line, relative to the upload
# directory), once the round under way is over. Prints it as JSON; the exit code
# is rsync's, or 3 for a setting that can't be right, 4 for an empty source, 75 when another round took over 120 s.
set -eu
umask 022

case "$*" in
"") ;;
"--files-from -")
  list=$(mktemp /tmp/files-from.XXXXXX)
  trap 'rm -f "$list"' EXIT
  tr '\n' '\0' >"$list"
  ;;
*)
  echo "usage: sync-now [--files-from -]" >&2
  exit 2
  ;;
esac

flock --exclusive --timeout 120 --conflict-exit-code 75 /state/round.lock \
  /bin/sh /usr/local/lib/wikiferry/round.sh "${list:-}"
