#!/bin/sh
# Writes the settings, password included, to a tmpfs, and becomes redis-server.
#
# Environment (defaults in brackets):
#   REDIS_PASSWORD  required; without white space or quotes
#   REDIS_MAXMEMORY [512mb]
#   REDIS_POLICY [allkeys-lru]  or noeviction, for sessions
set -eu
umask 077

settings=/tmp/redis.conf

fail() {
  echo "wikiferry-redis: $*" >&2
  exit 1
}

[ -n "${REDIS_PASSWORD:-}" ] || fail "REDIS_PASSWORD is empty: set one"
case $REDIS_PASSWORD in
*[!A-Za-z0-9._~+/=-]*) fail "REDIS_PASSWORD has characters other than A-Z a-z 0-9 . _ ~ + / = -" ;;
esac
case ${REDIS_POLICY:=allkeys-lru} in
allkeys-lru | noeviction) ;;
*) fail "REDIS_POLICY is '$REDIS_POLICY': set allkeys-lru or noeviction" ;;
esac

cat >"$settings" <<SETTINGS
port 6379
bind * -::*
protected-mode no
requirepass $REDIS_PASSWORD
dir /data
appendonly yes
appendfsync everysec
save ""
maxmemory ${REDIS_MAXMEMORY:-512mb}
maxmemory-policy $REDIS_POLICY
SETTINGS

unset REDIS_PASSWORD
exec redis-server "$settings" "$@"
