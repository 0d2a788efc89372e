#!/bin/sh
# Writes the settings, password included, to a tmpfs, and becomes redis-server.
#
# Environment (defaults in brackets):
#   REDIS_MAXMEMORY [512mb]
#   REDIS_POLICY [allkeys-lru]  or noeviction, for sessions
# The password is in the file /run/secrets/redis-password.
set -eu
umask 077

settings=/tmp/redis.conf

fail() {
  echo "wikiferry-redis: $*" >&2
  exit 1
}

file=/run/secrets/redis-password
[ -r "$file" ] && [ -s "$file" ] || fail "$file is empty or can't be read by user $(id -u): mount the volume with the secrets"
password=$(cat "$file")
case $password in
*[!A-Za-z0-9._~+/=-]*) fail "$file has characters other than A-Z a-z 0-9 . _ ~ + / = -" ;;
esac
case ${REDIS_POLICY:=allkeys-lru} in
allkeys-lru | noeviction) ;;
*) fail "REDIS_POLICY is '$REDIS_POLICY': set allkeys-lru or noeviction" ;;
esac

cat >"$settings" <<SETTINGS
port 6379
bind * -::*
protected-mode no
requirepass $password
dir /data
appendonly yes
appendfsync everysec
save ""
maxmemory ${REDIS_MAXMEMORY:-512mb}
maxmemory-policy $REDIS_POLICY
SETTINGS

exec redis-server "$settings" "$@"
