#!/bin/bash
# wikiferry-gate: writes HAProxy's configuration to a tmpfs and becomes HAProxy's master process. Settings come from the
# environment, or from the volume, and where neither has any they are waited for. Route, canary and hold come from the
# volume too, so they outlive a reload, a restart and a new container.
#
# entrypoint.sh apply: puts the settings and the program that lie beside it in force: `settings` with lines NAME=VALUE (\\
# for a backslash, \n for a new line), gate.lua, haproxy.cfg, keeper.sh and this file. A new address of green is sent to
# the worker that serves; all else is a reload. What HAProxy refuses never comes into force: the old goes on serving. What
# is in force goes to the volume.
#
# entrypoint.sh show: SHA-256 of all that is in force, and of what the volume holds.
#
# Settings (defaults in brackets):
#   BLUE_ADDRESS, GREEN_ADDRESS  host:port of each side's web tier, required; the name need not resolve yet
#   BLUE_TLS [0]          1: blue is asked by TLS, its certificate checked against BLUE_TLS_CA (PEM text; without it
#                         the public authorities) for BLUE_TLS_NAME [the host of BLUE_ADDRESS], a DNS name
#   GREEN_HEALTH_PATH [/health]
#   PRIMARY [blue]        the primary's side when the volume holds no state yet
#   UPLOAD_PATH [/images] where uploads are served: a 404 there is tried once more on the other side
#   SESSION_COOKIES []    comma-separated names of cookies that mean a session, besides MediaWiki's usual ones
#   SESSION_PAGES [special:userlogin,special:userlogout,special:createaccount]  pages that make sessions, for wikis
#                         in other languages too, such as spezial:anmelden; lower case
#   FORWARDED_PROTO [http]  X-Forwarded-Proto as the wiki should see it: https behind an edge with TLS
#   ADMIN_PASSWORD []     wanted by the runtime API on port 9999 (letters and digits); empty: none is wanted
#   HOLD_MAX_MS [15000]   how long a write may be held before it is answered with 503
#   HOLD_MAX_REQUESTS [half of MAXCONN]  more are answered with 503 at once; each takes some 50 kB
#   HOLD_MAX_BODY_BYTES [109051904]  a longer body is answered with 503 at once: PHP's post_max_size of the wiki, here
#                         uploads of 100 MB and the form around them. A held body waits at its client, beyond the
#                         first 32 kB and the kernel's socket buffers.
#   HOLD_H2_BODY_MS [1000]  how long a body over 8 kB may be held on HTTP/2, where the page views of the same
#                         connection wait behind it
#   KEEP_MS [1500]        how long the volume may take over a change; the tool waits 2 s for an answer
#   ADMIN_ADDRESSES []    addresses or networks, separated by spaces, that may use the runtime API besides this host
#   TRUSTED_ADDRESSES []  addresses or networks, separated by spaces, of a CDN or proxies before the gate: they may open
#                         any number of connections
#   MAX_CONNECTIONS_PER_ADDRESS [200]  of any other IPv4 address or IPv6 /64
#   MAXCONN [2000]  CONNECT_TIMEOUT_MS [3000]  SERVER_TIMEOUT_MS [120000]  CLIENT_TIMEOUT_MS [120000]
set -eu
umask 077

run=/tmp/gate
volume=/state
program="entrypoint.sh gate.lua haproxy.cfg keeper.sh"
names="BLUE_ADDRESS GREEN_ADDRESS BLUE_TLS BLUE_TLS_CA BLUE_TLS_NAME GREEN_HEALTH_PATH PRIMARY UPLOAD_PATH
  SESSION_COOKIES SESSION_PAGES FORWARDED_PROTO ADMIN_PASSWORD HOLD_MAX_MS HOLD_MAX_REQUESTS HOLD_MAX_BODY_BYTES
  HOLD_H2_BODY_MS KEEP_MS ADMIN_ADDRESSES TRUSTED_ADDRESSES MAX_CONNECTIONS_PER_ADDRESS MAXCONN CONNECT_TIMEOUT_MS
  SERVER_TIMEOUT_MS CLIENT_TIMEOUT_MS"
# What haproxy.cfg and gate.lua read. They come as `setenv` in the configuration: a reload keeps the master's environment.
read_by_haproxy="GREEN_HEALTH_PATH UPLOAD_PATH SESSION_COOKIES SESSION_PAGES FORWARDED_PROTO HOLD_MAX_MS
  HOLD_MAX_REQUESTS HOLD_MAX_BODY_BYTES HOLD_H2_BODY_MS KEEP_MS MAX_CONNECTIONS_PER_ADDRESS MAXCONN
  CONNECT_TIMEOUT_MS SERVER_TIMEOUT_MS CLIENT_TIMEOUT_MS"

fail() {
  echo "wikiferry-gate: $*" >&2
  exit 1
}

check_address() {
  case $2 in
  *[!A-Za-z0-9._:-]* | *: | :* | "") fail "$1 is '$2': set host:port" ;;
  *:*) ;;
  *) fail "$1 is '$2': set host:port" ;;
  esac
}

check_number() {
  case $2 in
  "" | *[!0-9]*) fail "$1 is '$2': set a number" ;;
  esac
}

# Lines NAME=VALUE of a file as variables.
read_settings() {
  local name value
  while IFS='=' read -r name value; do
    case " ${names//$'\n'/ } " in
    *" $name "*) printf -v "$name" '%b' "$value" ;;
    *) fail "there is no setting $name" ;;
    esac
  done <"$1"
}

# The environment's settings as such lines.
write_settings() {
  local name value
  for name in $names; do
    [ -n "${!name+set}" ] || continue
    value=${!name//\\/\\\\}
    printf '%s=%s\n' "$name" "${value//$'\n'/\\n}"
  done
}

default_settings() {
  MAXCONN="${MAXCONN:-2000}"
  check_number MAXCONN "$MAXCONN"
  PRIMARY="${PRIMARY:-blue}" UPLOAD_PATH="${UPLOAD_PATH:-/images}" SESSION_COOKIES="${SESSION_COOKIES:-}"
  SESSION_PAGES="${SESSION_PAGES:-special:userlogin,special:userlogout,special:createaccount}"
  FORWARDED_PROTO="${FORWARDED_PROTO:-http}" GREEN_HEALTH_PATH="${GREEN_HEALTH_PATH:-/health}"
  HOLD_MAX_MS="${HOLD_MAX_MS:-15000}"
  HOLD_MAX_REQUESTS="${HOLD_MAX_REQUESTS:-$((MAXCONN / 2))}"
  HOLD_MAX_BODY_BYTES="${HOLD_MAX_BODY_BYTES:-109051904}" HOLD_H2_BODY_MS="${HOLD_H2_BODY_MS:-1000}"
  KEEP_MS="${KEEP_MS:-1500}" MAX_CONNECTIONS_PER_ADDRESS="${MAX_CONNECTIONS_PER_ADDRESS:-200}"
  CONNECT_TIMEOUT_MS="${CONNECT_TIMEOUT_MS:-3000}" SERVER_TIMEOUT_MS="${SERVER_TIMEOUT_MS:-120000}"
  CLIENT_TIMEOUT_MS="${CLIENT_TIMEOUT_MS:-120000}"
  ADMIN_PASSWORD="${ADMIN_PASSWORD:-}"
}

check_settings() {
  local name
  check_address BLUE_ADDRESS "${BLUE_ADDRESS:-}"
  check_address GREEN_ADDRESS "${GREEN_ADDRESS:-}"
  for name in HOLD_MAX_MS HOLD_MAX_REQUESTS HOLD_MAX_BODY_BYTES HOLD_H2_BODY_MS KEEP_MS \
    MAX_CONNECTIONS_PER_ADDRESS CONNECT_TIMEOUT_MS SERVER_TIMEOUT_MS CLIENT_TIMEOUT_MS; do
    check_number "$name" "${!name}"
  done
  for name in ADMIN_ADDRESSES TRUSTED_ADDRESSES; do
    case ${!name:-} in
    *[!0-9a-fA-F.:/\ ]*) fail "$name is '${!name}': set addresses or networks such as 192.0.2.0/24, separated by spaces" ;;
    esac
  done
  for name in $read_by_haproxy; do
    case ${!name} in *[\'$'\n']*) fail "$name has a quotation mark or a new line in it" ;; esac
  done
  case $PRIMARY in blue | green) ;; *) fail "PRIMARY is '$PRIMARY': set blue or green" ;; esac
  case $FORWARDED_PROTO in http | https) ;; *) fail "FORWARDED_PROTO is '$FORWARDED_PROTO': set http or https" ;; esac
  case $UPLOAD_PATH in /*) ;; *) fail "UPLOAD_PATH is '$UPLOAD_PATH': set a path such as /images" ;; esac
  case $ADMIN_PASSWORD in *[!A-Za-z0-9]*) fail "ADMIN_PASSWORD has characters other than A-Z a-z 0-9" ;; esac
}

# The gateway of the default route: Linux writes it as a number in the machine's byte order.
gateway() {
  local destination hex rest
  while read -r _ destination hex _; do
    [ "$destination" = 00000000 ] || continue
    rest=$hex
    for _ in 1 2 3 4; do
      printf '%d' "0x${rest#"${rest%??}"}"
      rest=${rest%??}
      [ -z "$rest" ] || printf .
    done
    echo
    return
  done </proc/net/route
}

# A name that Docker's or the network's DNS knows is asked for again all the time, because a container that is started
# again has a new address. One that only /etc/hosts knows must not be: DNS would take it away.
asks_dns() {
  local host=${1%:*}
  case $host in *[!0-9.]*) ;; *) return 1 ;; esac
  ! grep -qw -- "$host" /etc/hosts
}

resolve() {
  if asks_dns "$1"; then echo "resolvers network resolve-prefer ipv4"; fi
}

# Writes the configuration of the settings at hand into a folder that has the program.
render() {
  local blue green admin ca name
  blue="$BLUE_ADDRESS init-addr last,libc,none $(resolve "$BLUE_ADDRESS")"
  green="$GREEN_ADDRESS init-addr last,libc,none $(resolve "$GREEN_ADDRESS")"
  if [ "${BLUE_TLS:-0}" = 1 ]; then
    ca=/etc/ssl/certs/ca-certificates.crt
    if [ -n "${BLUE_TLS_CA:-}" ]; then
      ca=$1/blue-ca.pem
      printf '%s\n' "$BLUE_TLS_CA" >"$ca"
    fi
    name=${BLUE_TLS_NAME:-${BLUE_ADDRESS%:*}}
    # HAProxy compares no addresses (ssl_sock.c, ssl_sock_srv_verifycbk).
    case $name in *[!0-9.]*) ;; *) fail "BLUE_TLS_NAME is '$name': set a DNS name of blue's certificate" ;; esac
    blue="$blue ssl verify required ca-file $ca sni str($name) verifyhost $name check-sni $name"
  fi
  if [ -n "$ADMIN_PASSWORD" ]; then
    admin="tcp-request content accept if { req.payload(0,0) -m beg \"gate login $ADMIN_PASSWORD;\" }"
  else
    admin="tcp-request content accept if { req.len gt 0 }"
  fi
  printf '%s\n' 127.0.0.1 "$(gateway)" ${ADMIN_ADDRESSES:-} >"$1/operators"
  printf '%s\n' ${TRUSTED_ADDRESSES:-} >"$1/trusted"
  {
    echo global
    for name in $read_by_haproxy; do
      # `setenv` takes no empty value.
      if [ -n "${!name}" ]; then echo "    setenv $name '${!name}'"; else echo "    unsetenv $name"; fi
    done
    echo "    setenv PROGRAM '$1'"
  } >"$1/settings.cfg"
  sed -e "s|@BLUE@|$blue|g" -e "s|@GREEN@|$green|g" -e "s|@ADMIN@|$admin|g" "$1/haproxy.cfg" >"$1/rendered.cfg"
}

# A new folder of the run with the program and settings of another; answers its path.
folder_from() {
  local folder name
  folder=$run/in-force.$(date +%s%N)
  mkdir "$folder"
  for name in $program; do cp "$1/$name" "$folder/$name"; done
  echo "$folder"
}

# Points a link at a folder beside it, in one step, and removes the folders that it no longer names.
point() {
  local link=$1 folder=$2 old
  ln -s "${folder##*/}" "$link.next"
  mv -T "$link.next" "$link"
  for old in "$link".*; do
    [ "$old" = "$folder" ] || [ "$old" = "${3:-}" ] || rm -rf "$old"
  done
}

# Keeps on the volume what has proved itself.
keep() {
  local name kept
  kept=$volume/program.$(date +%s%N)
  mkdir "$kept"
  for name in $program settings; do cp "$run/in-force/$name" "$kept/$name"; done
  sync -f "$kept"
  point "$volume/program" "$kept"
  sync -f "$volume"
}

sum_of() {
  (cd "$1" 2>/dev/null && cat $program settings | sha256sum | cut -d ' ' -f 1) || echo none
}

# Asks the runtime API; needs the password in force.
ask() {
  local line
  exec 4<>/dev/tcp/127.0.0.1/9999 || return 1
  printf 'gate login %s;%s\n' "$password_in_force" "$1" >&4
  # The first line answers the login.
  read -t 5 -r line <&4 && [ "$line" = ok ] || { exec 4>&-; return 1; }
  timeout 5 cat <&4 || true
  exec 4>&-
} 2>/dev/null

worker() {
  local shown
  shown=$(ask "gate show") || return 1
  [[ $shown =~ \"pid\":([0-9]+) ]] && echo "${BASH_REMATCH[1]}"
}

setting_in_force() {
  (unset "$1" && read_settings "$run/in-force/settings" && printf '%s' "${!1:-}")
}

await() {
  local seconds=$1 end
  shift
  end=$((SECONDS + seconds))
  until "$@"; do
    [ "$SECONDS" -lt "$end" ] || return 1
    sleep 0.1
  done
}

another_worker() {
  local now
  now=$(worker) && [ "$now" != "$before" ]
}

answers() {
  local line
  exec 5<>"/dev/tcp/${1%:*}/${1##*:}" || return 1
  printf 'GET %s HTTP/1.0\r\nHost: gate\r\n\r\n' "$GREEN_HEALTH_PATH" >&5
  read -t 5 -r line <&5 || line=
  exec 5>&-
  [[ $line == *" 200 "* ]]
} 2>/dev/null

# The servers of green, as the worker has them: each its address and name.
green_in_force() {
  ask "show servers state" | awk '$4 == "green" { print $5, $18 }' | sort -u
}

is_at() {
  local address
  address=$(getent ahostsv4 "$1" | awk 'NR == 1 { print $1 }')
  [ -n "$address" ] && [ "$(green_in_force)" = "$address $1" ]
}

# Tells the worker another name of green: a reload would leave an old worker behind that knows the old one only. Idle
# connections of clients stay with it, and what they ask next would go to a server that is no more.
point_green_at() {
  local backend
  for backend in write_green view_green health_green; do
    ask "set server $backend/green fqdn $1" >/dev/null || return 1
  done
  await 10 is_at "$1"
}

alone() {
  local pid
  for pid in $(cat "$run/workers"); do
    [ "$pid" = "$last_worker" ] || [ ! -e "/proc/$pid/stat" ] || return 1
  done
}

start_keeper() {
  bash "$run/in-force/keeper.sh" keep &
  echo $! >"$run/keeper.pid"
}

start() {
  local folder from=$1
  [ -w "$volume" ] || fail "$volume can't be written by $(id -un): mount a volume that belongs to user $(id -u)"
  if [ "$from" != "$volume/program" ] && [ -e "$volume/program/entrypoint.sh" ]; then
    exec bash "$volume/program/entrypoint.sh"
  fi
  mkdir -p "$run"
  rm -rf "$run"/worker* "$run"/answer.* "$run"/orders "$run"/in-force*
  if [ ! -e "$from/settings" ] && [ -z "${BLUE_ADDRESS:-}${GREEN_ADDRESS:-}" ]; then
    echo "wikiferry-gate: waiting for settings" >&2
    trap 'exit 0' TERM USR1 INT
    until [ -e "$volume/program/settings" ]; do
      sleep 0.2 &
      wait $!
    done
    exec bash "$volume/program/entrypoint.sh"
  fi
  folder=$(folder_from "$from")
  if [ -e "$from/settings" ]; then
    cp "$from/settings" "$folder/settings"
    read_settings "$folder/settings"
  else
    write_settings >"$folder/settings"
  fi
  default_settings
  check_settings
  mkfifo "$run/orders"
  PRIMARY=$PRIMARY bash "$folder/keeper.sh" begin
  render "$folder"
  point "$run/in-force" "$folder"
  unset ADMIN_PASSWORD BLUE_TLS_CA
  start_keeper
  exec haproxy -W -db -f "$run/in-force/settings.cfg" -f "$run/in-force/rendered.cfg"
}

apply() {
  local from=$1 folder old new_green old_green last_worker name problem only_green=1
  mkdir -p "$run"
  exec 9>"$run.lock"
  flock -w 100 9 || fail "another change of the settings is under way"
  read_settings "$from/settings"
  default_settings
  check_settings
  folder=$(folder_from "$from")
  cp "$from/settings" "$folder/settings"
  [ -e "$run/route" ] || PRIMARY=$PRIMARY bash "$folder/keeper.sh" begin
  render "$folder"
  if ! problem=$(haproxy -c -f "$folder/settings.cfg" -f "$folder/rendered.cfg" 2>&1); then
    rm -rf "$folder"
    fail "HAProxy refuses these settings, the ones before go on: $(echo "$problem" | grep -m 3 ALERT | tr '\n' ' ')"
  fi

  if [ ! -e "$run/in-force" ]; then
    # It waits for settings.
    mv "$folder" "$run/first.$$"
    ln -sfn "first.$$" "$run/in-force"
    keep
    rm -rf "$run/first.$$"
    password_in_force=${ADMIN_PASSWORD:-none}
    await 20 worker >/dev/null || fail "HAProxy does not start with these settings: see the container's log"
    return
  fi

  old=$(readlink -f "$run/in-force")
  old_green=$(setting_in_force GREEN_ADDRESS)
  password_in_force=$(setting_in_force ADMIN_PASSWORD)
  password_in_force=${password_in_force:-none}
  new_green=$GREEN_ADDRESS
  if [ "$new_green" != "$old_green" ] && asks_dns "$new_green"; then
    await 10 answers "$new_green" || {
      rm -rf "$folder"
      fail "$new_green does not answer GET $GREEN_HEALTH_PATH with 200: $old_green goes on serving"
    }
  fi
  for name in $program; do cmp -s "$old/$name" "$folder/$name" || only_green=; done
  [ "$(grep -v ^GREEN_ADDRESS= "$old/settings")" = "$(grep -v ^GREEN_ADDRESS= "$folder/settings")" ] || only_green=
  if [ "$new_green" != "$old_green" ]; then
    if asks_dns "$new_green" && asks_dns "$old_green" && [ "${new_green##*:}" = "${old_green##*:}" ]; then
      point_green_at "${new_green%:*}" || {
        point_green_at "${old_green%:*}" || true
        rm -rf "$folder"
        fail "the gate does not find $new_green: $old_green goes on serving"
      }
    else
      only_green=
    fi
  fi
  point "$run/in-force" "$folder" "$old"
  if [ -z "$only_green" ]; then
    password_before=$password_in_force
    if ! reload_into "${ADMIN_PASSWORD:-none}"; then
      point "$run/in-force" "$old"
      password_in_force=$password_before
      if [ "$new_green" != "$old_green" ] && asks_dns "$old_green"; then point_green_at "${old_green%:*}" || true; fi
      fail "HAProxy does not come up with these settings, the ones before go on: see the container's log"
    fi
    cmp -s "$old/keeper.sh" "$folder/keeper.sh" || renew_keeper
  fi
  rm -rf "$old"
  keep
  if [ "$new_green" != "$old_green" ]; then
    # An old worker of an earlier reload knows the old name only: whoever calls this ends that server next. An idle
    # connection ends after 60 s.
    last_worker=$(worker) || fail "HAProxy's worker does not answer"
    await 75 alone || true
  fi
}

# The new worker may want another password than the old one. SIGUSR2 again each 3 s: a master that is about to begin
# its wait, after a start or another reload, ignores it (haproxy.c, mworker_reexec_waitmode).
reload_into() {
  local before tries after=$1 old=$password_in_force
  before=$(worker) || fail "HAProxy's worker does not answer"
  for tries in 1 2 3 4 5 6; do
    kill -USR2 1
    password_in_force=$after
    if await 3 another_worker; then return 0; fi
    password_in_force=$old
  done
  return 1
}

# The pipe stays open, so that no order is lost between the two.
renew_keeper() {
  exec 6<>"$run/orders"
  kill "$(cat "$run/keeper.pid")" || true
  setsid bash "$run/in-force/keeper.sh" keep 6>&- 9>&- </dev/null >/dev/null 2>&1 &
  echo $! >"$run/keeper.pid"
}

here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
[ "$here" = "$(readlink -f "$volume/program" 2>/dev/null)" ] && here=$volume/program
case ${1:-start} in
start) start "$here" ;;
apply) apply "$here" ;;
show) echo "$(sum_of "$run/in-force") $(sum_of "$volume/program")" ;;
*) fail "unknown word '$1'; wanted start, apply or show" ;;
esac
