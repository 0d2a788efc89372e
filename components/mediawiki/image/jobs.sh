#!/bin/sh
# Runs MediaWiki's jobs in rounds of at most a second, and ends between two jobs when told to stop.
# JOBS_PAUSE_SECONDS [2]: wait after a round that found nothing to do.
set -eu

stopping=
trap 'stopping=1' TERM INT

# A signal ends the shell's wait, not the command waited for.
await() {
  while kill -0 "$1" 2>/dev/null; do
    wait "$1" || true
  done
}

while [ -z "$stopping" ]; do
  out=/tmp/wikiferry/jobs.out
  php /srv/mediawiki/maintenance/runJobs.php --maxjobs 20 --maxtime 1 >"$out" 2>&1 &
  await $!
  if grep -q 'Job queue is empty' "$out"; then
    [ -z "$stopping" ] || break
    sleep "${JOBS_PAUSE_SECONDS:-2}" &
    wait $! || true
  else
    cat "$out"
  fi
done
echo "wiki-jobs: stopped between two jobs" >&2
