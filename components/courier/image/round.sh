#!/bin/sh
# One round of rsync, as /state/follow.env says; called by sync-now under the lock. $1: yes, if standard input names the
# paths to carry.
#
#   DIRECTION         pull (to green), push (to blue) or off
#   REMOTE, PORT      root@host, 22
#   REMOTE_PATH       the upload directory over there
#   DELETE            yes: the source is the side that serves, so what it no longer has is deleted at the target
#   MAX_DELETE        at most so many in one round, shared out among its parts [500]
#   PARALLEL          parts of a whole round that run at the same time, by hashed directory, 1 to 8 [4]
#   TIMEOUT_SECONDS   of silence [30]
#
# A whole round that takes its time is done in parts: MediaWiki's hashed directories (a/ab, archive/a/ab, deleted/…)
# fall into PARALLEL groups by their first character, and one more part takes whatever else there is. The round's exit
# code is the gravest of its parts. One that was done in 3 s the last time is done in one part: five rsyncs every few
# seconds would only be a load.
#
# What a push deletes or overwrites on blue is moved to REMOTE_PATH/.wikiferry-replaced/<start, ms>/. The result goes to
# /state/rounds.json.
set -eu
umask 022

list=$1
LOCAL_PATH=/srv/uploads
SHORT_MS=3000
DIRECTION=off REMOTE='' PORT=22 REMOTE_PATH=/srv/uploads DELETE=no MAX_DELETE=500 TIMEOUT_SECONDS=30 PARALLEL=4
# shellcheck disable=SC1091
[ ! -r /state/follow.env ] || . /state/follow.env

now_ms() { date +%s%3N; }

json_string() {
  tr -d '\000-\010\013-\037' | sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/\t/ /g' | awk 'NR > 1 { printf "\\n" } { printf "%s", $0 }'
}

# What rsync --stats says, of all parts, and the last record. Without other programs: the last round of a flip is
# waited for.
read_stats() {
  sent=0 deleted=0 bytes=0
  for part in "$log" "$log".*; do
    [ -s "$part" ] || continue
    while IFS= read -r line; do
      rest=${line#*: }
      case $line in
      'Number of regular files transferred: '*) sent=$((sent + ${rest%%[!0-9]*})) ;;
      'Number of deleted files: '*) deleted=$((deleted + ${rest%%[!0-9]*})) ;;
      'Total transferred file size: '*) bytes=$((bytes + ${rest%%[!0-9]*})) ;;
      esac
    done <"$part"
  done
}

read_last() {
  rounds=0 lastgood=0
  [ -s /state/rounds.json ] || return 0
  IFS= read -r last </state/rounds.json || true
  rest=${last#*'"rounds":'}
  rounds=${rest%%[!0-9]*}
  rest=${last#*'"lastGoodStartMs":'}
  lastgood=${rest%%[!0-9]*}
}

log=$(mktemp /tmp/round.XXXXXX)
errors=$(mktemp /tmp/round.XXXXXX)
trap 'rm -f "$log" "$log".* "$errors" "$errors".*' EXIT
started=$(now_ms)

finish() {
  ended=$(now_ms)
  read_stats
  read_last
  message=
  [ ! -s "$errors" ] || message=$(tail -n 60 "$errors" | tail -c 8000 | json_string)
  partial=true
  if [ "$list" = no ]; then
    partial=false
    if [ "$1" -eq 0 ]; then
      lastgood=$started
      echo $((ended - started)) >/state/whole.ms
    fi
  fi
  record=$(
    printf '{"rounds":%s,"direction":"%s","startedMs":%s,"endedMs":%s,"exitCode":%s,"filesSent":%s,"filesDeleted":%s,"sentBytes":%s,"partial":%s,"lastGoodStartMs":%s,"stderr":"%s"}' \
      "$((${rounds:-0} + 1))" "$DIRECTION" "$started" "$ended" "$1" "${sent:-0}" "${deleted:-0}" "${bytes:-0}" \
      "$partial" "${lastgood:-0}" "$message"
  )
  printf '%s\n' "$record" >/state/rounds.json.new
  mv /state/rounds.json.new /state/rounds.json
  printf '%s\n' "$record"
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
case $PARALLEL in
[1-8]) ;;
*) refuse 3 "PARALLEL is '$PARALLEL': set 1 to 8 in /state/follow.env" ;;
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
set -- --recursive --links --times --omit-dir-times --perms --chmod=Du=rwx,Dgo=rx,Fu=rw,Fgo=r --stats --no-human-readable \
  --timeout="$TIMEOUT_SECONDS" \
  --partial-dir=.wikiferry-partial --exclude=/.wikiferry-replaced/ --exclude=.wikiferry-partial/ \
  --exclude=/thumb/ --exclude=/temp/ --exclude=/lockdir/ --exclude=/lock_yBgMBwiR
if [ "$list" = yes ]; then
  set -- "$@" --from0 --files-from=- --ignore-missing-args
else
  exec </dev/null
fi
say_ready() {
  [ "$list" = no ] || echo ready
}

# Of a list, rsync deletes only in directories that are named themselves.
# carry MAX_DELETE ARGUMENT...: one rsync in the direction.
carry() {
  most=$1
  shift
  if [ "$DELETE" = yes ]; then
    set -- "$@" --delete-after --max-delete="$most"
  fi
  if [ "$DIRECTION" = pull ]; then
    rsync "$@" --rsh="$ssh" "$REMOTE:$REMOTE_PATH/" "$LOCAL_PATH/"
  else
    rsync "$@" --chown=33:33 --backup --backup-dir=".wikiferry-replaced/$started" \
      --rsh="$ssh" "$LOCAL_PATH/" "$REMOTE:$REMOTE_PATH/"
  fi
}

# The first characters of hashed directories: 0 to f, and to z below deleted/. Group $1 of PARALLEL.
characters() {
  group=
  at=0
  for character in 0 1 2 3 4 5 6 7 8 9 a b c d e f g h i j k l m n o p q r s t u v w x y z; do
    [ $((at % PARALLEL)) -ne "$1" ] || group=$group$character
    at=$((at + 1))
  done
  echo "$group"
}

# Part $1 of a whole round, the last being all that is in no hashed directory; further arguments are rsync's.
carry_part() {
  number=$1
  shift
  if [ "$number" -eq "$PARALLEL" ]; then
    carry "$MAX_DELETE" "$@" '--exclude=/[0-9a-z]/' '--exclude=/archive/[0-9a-z]/' '--exclude=/deleted/[0-9a-z]/'
  else
    group=$(characters "$number")
    carry $(((MAX_DELETE + PARALLEL - 1) / PARALLEL)) "$@" "--include=/[$group]/***" \
      --include=/archive/ "--include=/archive/[$group]/***" \
      --include=/deleted/ "--include=/deleted/[$group]/***" '--exclude=*'
  fi
}

# Any other code than "some files" (23) and "vanished files" (24) is graver than those.
gravest() {
  case $1,$2 in
  *,0) echo "$1" ;;
  0,* | 24,* | 23,[!2]* | 23,2[!4]*) echo "$2" ;;
  *) echo "$1" ;;
  esac
}

case $DIRECTION in
pull)
  entries=$($ssh "$REMOTE" "ls -A '$REMOTE_PATH' | head -n 5 | wc -l" 2>"$errors" </dev/null) || refuse $? "$(cat "$errors")"
  [ "$entries" -gt 0 ] || refuse 4 "$REMOTE:$REMOTE_PATH is empty: nothing is carried, nothing deleted"
  ;;
push)
  [ "$(find "$LOCAL_PATH" -mindepth 1 -maxdepth 1 | wc -l)" -gt 0 ] ||
    refuse 4 "$LOCAL_PATH is empty: nothing is carried, nothing deleted"
  # Only root may look: files that were deleted from the wiki come to lie there.
  $ssh "$REMOTE" "mkdir -p -m 0700 '$REMOTE_PATH/.wikiferry-replaced'" 2>"$errors" </dev/null || refuse $? "$(cat "$errors")"
  ;;
esac
say_ready

lasted=$SHORT_MS
[ ! -s /state/whole.ms ] || IFS= read -r lasted </state/whole.ms || true

code=0
if [ "$list" = yes ] || [ "$lasted" -lt "$SHORT_MS" ]; then
  carry "$MAX_DELETE" "$@" >"$log" 2>"$errors" || code=$?
  finish "$code"
fi
parts=
number=0
while [ "$number" -le "$PARALLEL" ]; do
  carry_part "$number" "$@" >"$log.$number" 2>"$errors.$number" &
  parts="$parts $!"
  number=$((number + 1))
done
for part in $parts; do
  wait "$part" && ended=0 || ended=$?
  code=$(gravest "$code" "$ended")
done
cat "$errors".* >"$errors"
finish "$code"
