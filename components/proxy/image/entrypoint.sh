#!/bin/sh
# Writes HAProxy's settings to a tmpfs and becomes HAProxy's master process.
#
# Environment (defaults in brackets):
#   DATABASE    host:port of MariaDB, which must trust this container's address (proxy_protocol_networks)
#   ALLOW_FROM  who is let in: addresses, networks and names, separated by commas. Names are looked up here, and again
#               every LOOK_UP_SECONDS [10]; one that has no address lets nobody in.
#   PER_ADDRESS [16]  connections of one address
set -eu
umask 077

run=/tmp/proxy
mkdir -p "$run"

fail() {
  echo "wikiferry-proxy: $*" >&2
  exit 1
}

case ${DATABASE:-} in
*[!A-Za-z0-9._:-]* | *: | :* | "") fail "DATABASE is '${DATABASE:-}': set host:port" ;;
esac
case ${ALLOW_FROM:-} in
*[!A-Za-z0-9._:/,-]* | "") fail "ALLOW_FROM is '${ALLOW_FROM:-}': set addresses, networks or names" ;;
esac
case ${PER_ADDRESS:=16} in *[!0-9]*) fail "PER_ADDRESS is '$PER_ADDRESS': set a number" ;; esac

# The addresses of all that ALLOW_FROM names, one a line.
allowed() {
  for entry in $(echo "$ALLOW_FROM" | tr , ' '); do
    case $entry in
    */* | *:*) echo "$entry" ;;
    *[!0-9.]*) getent ahosts "$entry" | while read -r address _; do echo "$address"; done ;;
    *) echo "$entry" ;;
    esac
  done | sort -u
}

# Connections that are open stay with the process that they have.
follow_names() {
  while sleep "${LOOK_UP_SECONDS:-10}"; do
    allowed >"$run/allowed.new"
    if cmp -s "$run/allowed.new" "$run/allowed"; then continue; fi
    mv "$run/allowed.new" "$run/allowed"
    echo "wikiferry-proxy: lets in $(tr '\n' ' ' <"$run/allowed")" >&2
    kill -USR2 $$
  done
}

allowed >"$run/allowed"
echo "wikiferry-proxy: lets in $(tr '\n' ' ' <"$run/allowed")" >&2
sed -e "s|@DATABASE@|$DATABASE|" -e "s|@PER_ADDRESS@|$PER_ADDRESS|" /usr/local/share/wikiferry/haproxy.cfg >"$run/haproxy.cfg"

follow_names &
exec haproxy -W -db -f "$run/haproxy.cfg" "$@"
