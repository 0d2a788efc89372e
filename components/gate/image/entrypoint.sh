#!/bin/sh
# Writes HAProxy's settings to a tmpfs and becomes HAProxy's master process. SIGUSR2 reloads it: route, canary and
# hold come from the volume, so they outlive that, a restart, and a new container. (A SIGUSR2 in the moment after a
# start or a reload is ignored by HAProxy; send it again.)
#
# Environment (defaults in brackets):
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
share=/usr/local/share/wikiferry

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

check_networks() {
  case $2 in
  *[!0-9a-fA-F.:/\ ]*) fail "$1 is '$2': set addresses or networks such as 192.0.2.0/24, separated by spaces" ;;
  esac
}

# The gateway of the default route: Linux writes it as a number in the machine's byte order.
gateway() {
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

check_address BLUE_ADDRESS "${BLUE_ADDRESS:-}"
check_address GREEN_ADDRESS "${GREEN_ADDRESS:-}"
export MAXCONN="${MAXCONN:-2000}"
check_number MAXCONN "$MAXCONN"
export PRIMARY="${PRIMARY:-blue}" UPLOAD_PATH="${UPLOAD_PATH:-/images}" SESSION_COOKIES="${SESSION_COOKIES:-}"
export SESSION_PAGES="${SESSION_PAGES:-special:userlogin,special:userlogout,special:createaccount}"
export FORWARDED_PROTO="${FORWARDED_PROTO:-http}" GREEN_HEALTH_PATH="${GREEN_HEALTH_PATH:-/health}"
export HOLD_MAX_MS="${HOLD_MAX_MS:-15000}"
export HOLD_MAX_REQUESTS="${HOLD_MAX_REQUESTS:-$((MAXCONN / 2))}"
export HOLD_MAX_BODY_BYTES="${HOLD_MAX_BODY_BYTES:-109051904}" HOLD_H2_BODY_MS="${HOLD_H2_BODY_MS:-1000}"
export KEEP_MS="${KEEP_MS:-1500}"
export CONNECT_TIMEOUT_MS="${CONNECT_TIMEOUT_MS:-3000}" SERVER_TIMEOUT_MS="${SERVER_TIMEOUT_MS:-120000}"
export CLIENT_TIMEOUT_MS="${CLIENT_TIMEOUT_MS:-120000}"
check_number HOLD_MAX_MS "$HOLD_MAX_MS"
check_number HOLD_MAX_REQUESTS "$HOLD_MAX_REQUESTS"
check_number HOLD_MAX_BODY_BYTES "$HOLD_MAX_BODY_BYTES"
check_number HOLD_H2_BODY_MS "$HOLD_H2_BODY_MS"
check_number KEEP_MS "$KEEP_MS"
export MAX_CONNECTIONS_PER_ADDRESS="${MAX_CONNECTIONS_PER_ADDRESS:-200}"
check_number MAX_CONNECTIONS_PER_ADDRESS "$MAX_CONNECTIONS_PER_ADDRESS"
check_networks ADMIN_ADDRESSES "${ADMIN_ADDRESSES:-}"
check_networks TRUSTED_ADDRESSES "${TRUSTED_ADDRESSES:-}"
check_number CONNECT_TIMEOUT_MS "$CONNECT_TIMEOUT_MS"
check_number SERVER_TIMEOUT_MS "$SERVER_TIMEOUT_MS"
check_number CLIENT_TIMEOUT_MS "$CLIENT_TIMEOUT_MS"
case $PRIMARY in blue | green) ;; *) fail "PRIMARY is '$PRIMARY': set blue or green" ;; esac
case $FORWARDED_PROTO in http | https) ;; *) fail "FORWARDED_PROTO is '$FORWARDED_PROTO': set http or https" ;; esac
case $UPLOAD_PATH in /*) ;; *) fail "UPLOAD_PATH is '$UPLOAD_PATH': set a path such as /images" ;; esac
case ${ADMIN_PASSWORD:-} in *[!A-Za-z0-9]*) fail "ADMIN_PASSWORD has characters other than A-Z a-z 0-9" ;; esac
[ -w /state ] || fail "/state can't be written by $(id -un): mount a volume that belongs to user $(id -u)"

mkdir -p "$run"
rm -f "$run"/worker* "$run"/answer.* "$run"/orders
mkfifo "$run/orders"
printf '%s\n' 127.0.0.1 "$(gateway)" ${ADMIN_ADDRESSES:-} >"$run/operators"
printf '%s\n' ${TRUSTED_ADDRESSES:-} >"$run/trusted"
bash "$share/keeper.sh" begin

# A name that Docker's or the network's DNS knows is asked for again all the time, because a container that is made
# anew has a new address. One that only /etc/hosts knows must not be: DNS would take it away.
resolve() {
  host=${1%:*}
  case $host in *[!0-9.]*) ;; *) return ;; esac
  if grep -qw -- "$host" /etc/hosts; then return; fi
  echo "resolvers network resolve-prefer ipv4"
}

blue="$BLUE_ADDRESS init-addr last,libc,none $(resolve "$BLUE_ADDRESS")"
green="$GREEN_ADDRESS init-addr last,libc,none $(resolve "$GREEN_ADDRESS")"
if [ "${BLUE_TLS:-0}" = 1 ]; then
  ca=/etc/ssl/certs/ca-certificates.crt
  if [ -n "${BLUE_TLS_CA:-}" ]; then
    ca=$run/blue-ca.pem
    printf '%s\n' "$BLUE_TLS_CA" >"$ca"
  fi
  name=${BLUE_TLS_NAME:-${BLUE_ADDRESS%:*}}
  # HAProxy compares no addresses (ssl_sock.c, ssl_sock_srv_verifycbk).
  case $name in *[!0-9.]*) ;; *) fail "BLUE_TLS_NAME is '$name': set a DNS name of blue's certificate" ;; esac
  blue="$blue ssl verify required ca-file $ca sni str($name) verifyhost $name check-sni $name"
fi
if [ -n "${ADMIN_PASSWORD:-}" ]; then
  admin="tcp-request content accept if { req.payload(0,0) -m beg \"gate login $ADMIN_PASSWORD;\" }"
else
  admin="tcp-request content accept if { req.len gt 0 }"
fi

sed -e "s|@BLUE@|$blue|g" -e "s|@GREEN@|$green|g" -e "s|@ADMIN@|$admin|g" "$share/haproxy.cfg" >"$run/haproxy.cfg"
unset ADMIN_PASSWORD BLUE_TLS_CA

bash "$share/keeper.sh" keep &
exec haproxy -W -db -f "$run/haproxy.cfg" "$@"
