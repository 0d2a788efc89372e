#!/bin/sh
# One round of rsync, as /state/follow.env says; called by sync-now under the lock. $1: a list of paths, or nothing.
#
#   DIRECTION         pull (to green), push (to blue) or off
#   REMOTE, PORT      root@host, 22
#   REMOTE_PATH       the upload directory over there
#   DELETE            yes: the source is the side that serves, so what it no longer has is deleted at the target
#   MAX_DELETE        at most so many in one round [500]
#   TIMEOUT_SECONDS   of silence [30]
#
# What a push deletes or overwrites on blue is moved to REMOTE_PATH/.wikiferry-replaced/<start, ms>/. The result goes to
# /state/rounds.json.
set -eu
umask 022

list=$1
LOCAL_PATH=/srv/uploads
DIRECTION=off REMOTE='' PORT=22 REMOTE_PATH=/srv/uploads DELETE=no MAX_DELETE=500 TIMEOUT_SECONDS=30
# shellcheck disable=SC1091
[ ! -r /state/follow.env ] || . /state/follow.env

now_ms() { date +%s%3N; }

json_string() {
  tr -d '\000-\010\013-\037' | sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/\t/ /g' | awk 'NR > 1 { printf "\\n" } { printf "%s", $0 }'
}

# The number after a label of rsync --stats, 0 if it isn't there.
stat_of() {
  sed -n "s/^$1: \([0-9,]*\).*/\1/p" "$log" | tr -d , | head -n 1 | grep . || echo 0
}

log=$(mktemp /tmp/round.XXXXXX)
errors=$(mktemp /tmp/round.XXXXXX)
trap 'rm -f "$log" "$errors"' EXIT
started=$(now_ms)

finish() {
  ended=$(now_ms)
  sent=$(stat_of 'Number of regular files transferred')
  deleted=$(stat_of 'Number of deleted files')
  bytes=$(stat_of 'Total transferred file size')
  message=$(tail -n 20 "$errors" | tail -c 2000 | json_string)
  rounds=$(sed -n 's/^{"rounds":\([0-9]*\),.*/\1/p' /state/rounds.json 2>/dev/null || true)
  lastgood=$(sed -n 's/.*"lastGoodStartMs":\([0-9]*\).*/\1/p' /state/rounds.json 2>/dev/null || true)
  [ "$1" -ne 0 ] || [ -n "$list" ] || lastgood=$started
  printf '{"rounds":%s,"direction":"%s","startedMs":%s,"endedMs":%s,"exitCode":%s,"filesSent":%s,"filesDeleted":%s,"sentBytes":%s,"partial":%s,"lastGoodStartMs":%s,"stderr":"%s"}\n' \
    "$((${rounds:-0} + 1))" "$DIRECTION" "$started" "$ended" "$1" "$sent" "$deleted" "$bytes" \
    "$([ -n "$list" ] && echo true || echo false)" "${lastgood:-0}" "$message" >/state/rounds.json.new
  mv /state/rounds.json.new /state/rounds.json
  cat /state/rounds.json
  if [ "$1" -ne 0 ]; then
    echo "round: $DIRECTION ended with $1: $(tail -n 1 "$errors")" >&2
  fi
  exit "$1"
}

refuse() {
  echo "$2" >"$errors"
  finish "$1"
}

case $DIRECTION in
pull | push) ;;
*) refuse 3 "DIRECTION is '$DIRECTION': set pull or push in /state/follow.env" ;;
esac
[ -n "$REMOTE" ] || refuse 3 "REMOTE is empty: set root@host in /state/follow.env"
case $REMOTE$PORT$REMOTE_PATH in
*[!A-Za-z0-9@._:/+-]*) refuse 3 "REMOTE, PORT or REMOTE_PATH has a character other than A-Z a-z 0-9 @ . _ : / + -" ;;
esac

# One connection serves all rounds; it ends by itself a minute after the last.
ssh="ssh -F none -p $PORT -i /state/ssh/id_ed25519 -o IdentitiesOnly=yes -o BatchMode=yes"
ssh="$ssh -o StrictHostKeyChecking=yes -o UserKnownHostsFile=/state/ssh/known_hosts -o ConnectTimeout=10"
ssh="$ssh -o ServerAliveInterval=5 -o ServerAliveCountMax=3"
ssh="$ssh -o ControlMaster=auto -o ControlPath=/tmp/courier-%C -o ControlPersist=60"

# A partial file never takes the place of a whole one. Modification times are kept to the whole second that rsync
# compares; groups and owners are www-data's, the same number on both sides.
set -- --recursive --links --times --perms --chmod=Du=rwx,Dgo=rx,Fu=rw,Fgo=r --stats --timeout="$TIMEOUT_SECONDS" \
  --partial-dir=.wikiferry-partial --exclude=/.wikiferry-replaced/ --exclude=.wikiferry-partial/ \
  --exclude=/thumb/ --exclude=/temp/ --exclude=/lockdir/ --exclude=/lock_yBgMBwiR
if [ -n "$list" ]; then
  set -- "$@" --from0 --files-from="$list" --ignore-missing-args
elif [ "$DELETE" = yes ]; then
  set -- "$@" --delete-after --max-delete="$MAX_DELETE"
fi

case $DIRECTION in
pull)
  entries=$($ssh "$REMOTE" "ls -A '$REMOTE_PATH' | head -n 5 | wc -l" 2>"$errors") || refuse $? "$(cat "$errors")"
  [ "$entries" -gt 0 ] || refuse 4 "$REMOTE:$REMOTE_PATH is empty: nothing is carried, nothing deleted"
  code=0
  rsync "$@" --rsh="$ssh" "$REMOTE:$REMOTE_PATH/" "$LOCAL_PATH/" >"$log" 2>"$errors" || code=$?
  ;;
push)
  [ "$(find "$LOCAL_PATH" -mindepth 1 -maxdepth 1 | wc -l)" -gt 0 ] ||
    refuse 4 "$LOCAL_PATH is empty: nothing is carried, nothing deleted"
  # Only root may look: files that were deleted from the wiki come to lie there.
  $ssh "$REMOTE" "mkdir -p -m 0700 '$REMOTE_PATH/.wikiferry-replaced'" 2>"$errors" || refuse $? "$(cat "$errors")"
  code=0
  rsync "$@" --chown=33:33 --backup --backup-dir=".wikiferry-replaced/$started" \
    --rsh="$ssh" "$LOCAL_PATH/" "$REMOTE:$REMOTE_PATH/" >"$log" 2>"$errors" || code=$?
  ;;
esac
finish "$code"
