#!/bin/sh
# Carries the uploads pass after pass, in the direction and at the pace that /state/follow.env names, which is read
# anew before each. A pass that fails (rsync's 23 and 24 too) is recorded, and the next begins as soon as a second
# later. Ends after the pass under way when told to stop. PAUSED=yes leaves the passes to sync-now for a while.
set -eu
umask 022
. /usr/local/lib/wikiferry/settings.sh

stopping=
trap 'stopping=1' TERM INT

await() {
  while kill -0 "$1" 2>/dev/null; do
    wait "$1" && code=0 || code=$?
  done
}

while [ -z "$stopping" ]; do
  DIRECTION=off INTERVAL_SECONDS=5 PAUSED=no
  read_settings /state/follow.env
  code=0
  if [ "$DIRECTION" != off ] && [ "$PAUSED" != yes ]; then
    sync-now >/dev/null &
    await $!
  fi
  [ -z "$stopping" ] || break
  if [ "$code" -ne 0 ] || [ "$PAUSED" = yes ]; then
    pause=1
  else
    pause=$INTERVAL_SECONDS
  fi
  sleep "$pause" &
  wait $! || true
done
