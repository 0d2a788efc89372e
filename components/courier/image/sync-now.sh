#!/bin/sh
# sync-now [--files-from -]: one round right away, once the round under way is over. Prints it as one line of JSON; the
# exit code is rsync's, or 3 for a setting that can't be right, 4 for an empty source, 5 for a round that is stopped as it
# would delete too much, 75 when another round took over 120 s.
#
# --files-from -: a round of the paths on standard input, each ended by a NUL, relative to the upload directory; a
# directory stands for all that is in it. Prints `ready` when it is connected and only waits for the paths, so it can
# be started long before they are known; without any it carries nothing.
set -eu
umask 022

case "$*" in
"") list=no ;;
"--files-from -") list=yes ;;
*)
  echo "usage: sync-now [--files-from -]" >&2
  exit 2
  ;;
esac

exec flock --exclusive --timeout 120 --conflict-exit-code 75 /state/round.lock \
  /bin/sh /usr/local/lib/wikiferry/round.sh "$list"
