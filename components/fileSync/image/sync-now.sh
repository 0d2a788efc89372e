#!/bin/sh
# sync-now [--files-from -]: one pass right away, once the pass under way is over. Prints it as one line of JSON; the
# exit code is rsync's, or 3 for a setting that can't be right, 4 for an empty source, 5 for a pass that is stopped as it
# would delete too much, 75 when another pass took over 120 s.
#
# --files-from -: a pass of the paths on standard input, each ended by a NUL, relative to the upload directory; a
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

exec flock --exclusive --timeout 120 --conflict-exit-code 75 /state/pass.lock \
  /bin/sh /usr/local/lib/wikiferry/pass.sh "$list"
