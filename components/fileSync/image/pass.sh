#!/bin/sh
# One pass, as /state/follow.env says; called by sync-now under the lock. $1: yes, if standard input names the paths to
# carry.
#
# A whole pass looks first (`scan`): what it would carry and delete is listed and counted, over all parts together. One
# that would delete more than the limit touches nothing and is held (held.sh). Then it carries what is on the one list and
# deletes what is on the other. Looking is done in parts where it takes its time: MediaWiki's hashed directories (a/ab,
# archive/a/ab, deleted/…) fall into PARALLEL groups by their first character, and one more part takes whatever else there
# is. The pass's exit code is the gravest of its parts. One that was done in 3 s the last time is done in one part: five
# rsyncs every few seconds would only be a load.
#
# What is deleted or overwritten is kept, on blue in REMOTE_PATH/.wikiferry-replaced/<start, ms>/, on green in
# /state/replaced/<start, ms>/. The result goes to /state/passes.json.
set -eu
umask 022

list=$1
lib=/usr/local/lib/wikiferry
SHORT_MS=3000
started=$(date +%s%3N)
. $lib/settings.sh
read_settings /state/follow.env
read_settings /state/rights.env
. $lib/rsyncs.sh
. $lib/held.sh

json_string() {
  tr -d '\000-\010\013-\037' | sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/\t/ /g' | awk 'NR > 1 { printf "\\n" } { printf "%s", $0 }'
}

# What rsync --stats says, of all parts, and the last record. Without other programs: the last pass of a flip is
# waited for.
read_stats() {
  sent=0 deleted=0 bytes=0
  for part in "$work"/log.*; do
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
  passes=0 lastgood=0
  [ -s /state/passes.json ] || return 0
  IFS= read -r last </state/passes.json || true
  rest=${last#*'"passes":'}
  passes=${rest%%[!0-9]*}
  rest=${last#*'"lastGoodStartMs":'}
  lastgood=${rest%%[!0-9]*}
}

work=$(mktemp -d /state/pass.XXXXXX)
errors=$work/errors
trap 'rm -rf "$work"' EXIT
would=0

# What a pass before kept that was killed, and what this one did. Thumbnails of it show another picture now, or one that
# was deleted: green's MediaWiki makes those anew that are asked for.
put_away() {
  [ -d "$KEPT/now" ] || return 0
  mv "$KEPT/now" "$KEPT/$1"
  [ -d "$LOCAL_PATH/thumb" ] || return 0
  (cd "$KEPT/$1" && find . -type f -printf '%P\0') | (cd "$LOCAL_PATH/thumb" && xargs -0 -r rm -rf --)
}

finish() {
  put_away "$started"
  ended=$(date +%s%3N)
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
    printf '{"passes":%s,"direction":"%s","startedMs":%s,"endedMs":%s,"exitCode":%s,"filesSent":%s,"filesDeleted":%s,"sentBytes":%s,"partial":%s,"lastGoodStartMs":%s,"wouldDelete":%s,"held":"%s","stderr":"%s"}' \
      "$((${passes:-0} + 1))" "$DIRECTION" "$started" "$ended" "$1" "${sent:-0}" "${deleted:-0}" "${bytes:-0}" \
      "$partial" "${lastgood:-0}" "$would" "$held_id" "$message"
  )
  printf '%s\n' "$record" >/state/passes.json.new
  mv /state/passes.json.new /state/passes.json
  printf '%s\n' "$record"
  if [ "$1" -ne 0 ]; then
    echo "pass: $DIRECTION ended with $1: $(tail -n 1 "$errors")" >&2
  fi
  exit "$1"
}

refuse() {
  echo "$2" >"$errors"
  finish "$1"
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

# Part $1 of a scan, the last being all that is in no hashed directory.
scan_part() {
  if [ "$1" -eq "$PARALLEL" ]; then
    scan '--exclude=/[0-9a-z]/' '--exclude=/archive/[0-9a-z]/' '--exclude=/deleted/[0-9a-z]/'
  else
    group=$(characters "$1")
    scan "--include=/[$group]/***" --include=/archive/ "--include=/archive/[$group]/***" \
      --include=/deleted/ "--include=/deleted/[$group]/***" '--exclude=*'
  fi
}

# listed NUMBER COMMAND...: what a scan says, sorted into lists of its own.
listed() {
  part=$1
  shift
  {
    "$@" 2>"$errors.$part" && ended=0 || ended=$?
    echo "end $ended"
  } | LC_ALL=C awk -v changed="$work/changed.$part" -v deleted="$work/deleted.$part" -f $lib/listing.awk >"$work/counts.$part"
}

# Any other code than "some files" (23) and "vanished files" (24) is graver than those.
gravest() {
  case $1,$2 in
  *,0) echo "$1" ;;
  0,* | 24,* | 23,[!2]* | 23,2[!4]*) echo "$2" ;;
  *) echo "$1" ;;
  esac
}

gather() {
  cat "$work/$1".* >"$work/$1" 2>/dev/null || :
}

look() {
  lasted=$SHORT_MS
  [ ! -s /state/whole.ms ] || IFS= read -r lasted </state/whole.ms || true
  if [ "$lasted" -lt "$SHORT_MS" ]; then
    listed 0 scan
  else
    number=0
    while [ "$number" -le "$PARALLEL" ]; do
      listed "$number" scan_part "$number" &
      number=$((number + 1))
    done
    wait
  fi
  source=0 changes=0 deletions=0 code=0
  for counts in "$work"/counts.*; do
    read -r a b c ended <"$counts"
    source=$((source + a)) changes=$((changes + b)) deletions=$((deletions + c))
    code=$(gravest "$code" "$ended")
  done
  gather changed
  gather deleted
  gather errors
}

# Ends the pass where it would delete too much.
judge_deletions() {
  would=$(count_files "$work/deleted")
  most=$(limit $((source + would)))
  counted=$would
  if [ -n "$held_id" ]; then
    outside=$(count_files "$work/deleted" /state/held.paths)
    if [ "$outside" -eq "$would" ]; then
      # All that was missed is there again.
      forget_held
    elif [ "$held_id" = "$ALLOW_DELETE" ]; then
      counted=$outside
    else
      stop
    fi
  fi
  [ "$counted" -le "$most" ] || {
    hold "$work/deleted" "$would"
    stop
  }
}

stop() {
  names=$(grep -v '/$' /state/held.paths | head -n 5 | awk 'NR > 1 { printf ", " } { printf "%s", $0 }')
  refuse 5 "$would of $((source + would)) files would be deleted, such as $names: nothing is carried, nothing deleted"
}

# Exactly what is on the list, in as many parts as it is worth.
carry_listed() {
  parts=1
  [ "$changes" -lt 200 ] || parts=$PARALLEL
  awk -v parts="$parts" -v into="$work/part." '{ print >(into NR % parts) }' "$work/changed"
  running=
  for part in "$work"/part.*; do
    LC_ALL=C awk -f $lib/raw.awk "$part" >"$part.raw"
    carry "$part.raw" >"$work/log.${part##*.}" 2>"$errors.${part##*.}" &
    running="$running $!"
  done
  for one in $running; do
    wait "$one" && ended=0 || ended=$?
    code=$(gravest "$code" "$ended")
  done
  gather errors
}

delete_listed() {
  LC_ALL=C awk -f $lib/raw.awk "$work/deleted" >"$work/deleted.raw"
  delete "$work/deleted.raw" "$deletions" >"$work/log.deleted" 2>"$errors" || code=$?
  # What is on this list is missing at the source, and with it directories: rsync calls that vanished.
  [ "$code" -ne 24 ] || code=0
  [ "$code" -ne 0 ] || : >"$errors"
}

# The names come when writes wait. So two rsyncs are connected before: one carries and counts what should be deleted, the
# other deletes it, if it is within the limit; with nothing to delete it is told no names.
carry_named() {
  files=0
  [ ! -s /state/whole.files ] || IFS= read -r files </state/whole.files || true
  most=$(limit "$files")
  mkfifo "$work/again"
  named "$most" <"$work/again" >"$work/log.1" 2>"$errors.1" &
  second=$!
  exec 4>"$work/again"
  echo ready
  tee "$work/names" 4>&- | named 0 >"$work/log.0" 2>"$errors" 4>&- || code=$?
  if [ "$code" -eq 25 ]; then
    while IFS= read -r line; do
      case $line in
      'Deletions stopped due to --max-delete limit ('*)
        rest=${line#*limit (}
        would=${rest%% *}
        ;;
      esac
    done <"$errors"
    [ "$would" -le "$most" ] || {
      exec 4>&-
      refuse 5 "$would files would be deleted in the directories of these records: nothing is deleted"
    }
    cat "$work/names" >&4
    exec 4>&-
    wait "$second" && code=0 || code=$?
    mv "$errors.1" "$errors"
  fi
  exec 4>&-
}

[ -z "$settings_error" ] || refuse 3 "$settings_error"
[ "$DIRECTION" != off ] || refuse 3 "DIRECTION is off: set pull or push in /state/follow.env"
[ -n "$REMOTE" ] || refuse 3 "REMOTE is empty: set root@host in /state/follow.env"
[ "$DIRECTION" != push ] || { [ -n "$OWNER" ] && [ -n "$FILE_MODE" ] && [ -n "$DIRECTORY_MODE" ]; } ||
  refuse 3 "nobody says whom the files on blue belong to: /state/rights.env is missing"

code=0
read_held
[ -z "$held_id" ] || [ "$held_direction" = "$DIRECTION" ] || forget_held
put_away "$((started - 1))"
if [ "$list" = yes ]; then
  [ -z "$held_id" ] || [ "$held_id" = "$ALLOW_DELETE" ] || {
    would=$held_files
    refuse 5 "the pass $held_id is stopped: nothing is carried, nothing deleted"
  }
else
  exec </dev/null
fi

case $DIRECTION in
pull)
  entries=$($ssh "$REMOTE" "ls -A '$REMOTE_PATH' | head -n 5 | wc -l" 2>"$errors" </dev/null) || refuse $? "$(cat "$errors")"
  [ "$entries" -gt 0 ] || refuse 4 "$REMOTE:$REMOTE_PATH is empty: nothing is carried, nothing deleted"
  mkdir -p -m 0700 "$KEPT"
  ;;
push)
  [ "$(find "$LOCAL_PATH" -mindepth 1 -maxdepth 1 | wc -l)" -gt 0 ] ||
    refuse 4 "$LOCAL_PATH is empty: nothing is carried, nothing deleted"
  $ssh "$REMOTE" "mkdir -p -m 0700 '$REMOTE_PATH/.wikiferry-replaced'" 2>"$errors" </dev/null || refuse $? "$(cat "$errors")"
  ;;
esac

if [ "$list" = yes ]; then
  carry_named
  finish "$code"
fi

# What a killed pass left.
for rest in /state/pass.??????; do
  [ "$rest" = "$work" ] || rm -rf "$rest"
done
[ ! -d "$KEPT" ] || find "$KEPT" -mindepth 1 -maxdepth 1 -mtime "+$KEEP_DAYS" -exec rm -rf {} +
look
case $code in
0 | 23 | 24) ;;
*) finish "$code" ;;
esac
if [ "$code" -eq 0 ]; then
  judge_deletions
elif [ -n "$held_id" ]; then
  would=$held_files
  stop
else
  # A look that did not see all of the source says nothing about what it lacks.
  deletions=0
fi
[ "$changes" -eq 0 ] || carry_listed
if [ "$code" -eq 0 ]; then
  [ "$deletions" -eq 0 ] || delete_listed
fi
if [ "$code" -eq 0 ]; then
  echo "$source" >/state/whole.files
  forget_held
fi
finish "$code"
