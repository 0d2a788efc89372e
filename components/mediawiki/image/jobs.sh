#!/bin/sh
# wiki-jobs: runs MediaWiki's jobs in rounds of at most a second, and ends between two jobs when told to stop.
# wiki-jobs pause: stops the rounds; returns when the one under way has ended. wiki-jobs resume: lets them go on.
# JOBS_PAUSE_SECONDS [2]: wait after a round that found nothing to do.
set -eu

out=/tmp/wikiferry/jobs.out
paused=/tmp/wikiferry/jobs-paused
running=/tmp/wikiferry/jobs-running

case ${1:-run} in
pause)
  : >"$paused"
  for _ in $(seq 200); do
    [ -e "$running" ] || exit 0
    sleep 0.05
  done
  echo "wiki-jobs: a job is still running after 10 s" >&2
  exit 1
  ;;
resume)
  rm -f "$paused"
  exit 0
  ;;
run) ;;
*)
  echo "wiki-jobs: unknown word '$1'; wanted run, pause or resume" >&2
  exit 2
  ;;
esac

stopping=
trap 'stopping=1' TERM INT
rm -f "$running"

# A signal ends the shell's wait, not the command waited for.
await() {
  while kill -0 "$1" 2>/dev/null; do
    wait "$1" || true
  done
}

rest() {
  [ -z "$stopping" ] || return 0
  sleep "$1" &
  wait $! || true
}

while [ -z "$stopping" ]; do
  # Marked before the look, so that whoever pauses either is seen or sees the mark.
  : >"$running"
  if [ -e "$paused" ]; then
    rm -f "$running"
    rest 1
    continue
  fi
  php /srv/mediawiki/maintenance/runJobs.php --maxjobs 20 --maxtime 1 >"$out" 2>&1 &
  await $!
  rm -f "$running"
  if grep -qi 'read-only' "$out"; then
    # The other side is the primary.
    rest 15
  elif grep -q 'Job queue is empty' "$out"; then
    rest "${JOBS_PAUSE_SECONDS:-2}"
  else
    cat "$out"
  fi
done
echo "wiki-jobs: stopped between two jobs" >&2
