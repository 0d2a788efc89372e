#!/bin/bash
# Keeps the gate's route on the volume, in a process of its own: a disk may take a second over one small file, and
# HAProxy, which serves everything in one thread, must not wait for it.
#
# `keeper.sh begin` writes what the volume holds, or a route to PRIMARY, where gate.lua reads it. `keeper.sh keep`
# takes orders `WORKER JOB PRIMARY VIEWS CANARY HOLD_UNTIL` from a pipe, and answers `JOB ok` or `JOB failed` in the
# worker's file once the route is with the kernel, which a kill of the container doesn't change. Two files by turns,
# each with a number and an end, so that one of them is whole at every moment. They are always as long, and written
# over in place: on an ext4 whose disk was busy that took 1 ms (p99), cutting a file off or renaming one 90 ms. Nothing
# here starts a program: that would cost more than the writing.
set -u

run=/tmp/gate
volume=/state

fail() {
  echo "wikiferry-gate: GATE_STATE: $*" >&2
  exit 1
}

# Sets number, primary, views, canary and hold_until if the file is whole.
read_route() {
  local words=()
  [ -r "$1" ] && read -r -a words <"$1"
  [ "${#words[@]}" = 6 ] && [ "${words[5]}" = end ] || return 1
  number=${words[0]} primary=${words[1]} views=${words[2]} canary=${words[3]} hold_until=${words[4]}
}

newest() {
  local file best=0
  for file in "$volume"/route.0 "$volume"/route.1; do
    if read_route "$file" && [ "$number" -gt "$best" ]; then best=$number; fi
  done
  number=0
  [ "$best" = 0 ] || read_route "$volume/route.$((best % 2))"
}

write_route() {
  printf '%10d %-5s %-5s %3d %15d end\n' "$((number + 1))" "$primary" "$views" "$canary" "$hold_until" \
    2>/dev/null 1<>"$volume/route.$(((number + 1) % 2))" && number=$((number + 1))
}

case $1 in
begin)
  newest
  if [ "$number" = 0 ]; then
    if [ -e "$volume/route.0" ] || [ -e "$volume/route.1" ]; then
      fail "$volume/route.0 and route.1 are damaged: remove them, then set the route again with \`pulumi up\`"
    fi
    primary=$PRIMARY views=$PRIMARY canary=0 hold_until=0
    write_route || fail "can't write $volume/route.1"
  fi
  printf '%s %s %d %d\n' "$primary" "$views" "$canary" "$hold_until" >"$run/route"
  ;;
keep)
  newest
  # Open for writing, too, so that it doesn't end when a worker closes it.
  exec 3<>"$run/orders"
  while read -r worker job primary views canary hold_until <&3; do
    if write_route; then result=ok; else result=failed; fi
    printf '%s %s\n' "$job" "$result" >"$run/answer.$worker"
  done
  ;;
esac
