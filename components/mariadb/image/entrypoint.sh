#!/bin/sh
# Initialises an empty data directory, writes the settings, and becomes mariadbd.
#
# Environment (defaults in brackets):
#   ADMIN_HOST [%]          where wikiferry may come from; passed at each start, because networks are recreated
#   LISTEN_NETWORK []       such as 172.18.0.0/16: listens on this container's address in it only
#   PROXY_ADDRESS []        whose word is taken for who is behind it (PROXY protocol)
#   ROLE_NAME [green]       this server's name in wikiferry.role; closed (read_only) unless the record names it
#   SERVER_ID [2]  GTID_DOMAIN_ID [0]
#   INNODB_BUFFER_POOL_SIZE [256M]  INNODB_LOG_FILE_SIZE [256M]  MAX_CONNECTIONS [151]  MAX_ALLOWED_PACKET [64M]
#   LONG_QUERY_TIME [2] seconds  BINLOG_EXPIRE_LOGS_SECONDS [1209600] (14 days)  PERFORMANCE_SCHEMA [OFF]
# Files in /run/secrets:
#   admin-password  of the account wikiferry, read on the first start only (required then)
#   ca.pem, cert.pem, key.pem  for TLS; without the key there is none
set -eu
umask 027

datadir=/var/lib/mysql
run=/run/mysqld
unfinished=$datadir/.wikiferry-initialising
incoming=$datadir/.wikiferry-copy
role=${ROLE_NAME:-green}
secrets=/run/secrets
# On disk: temporary tables and the sorting of an index can be as large as the data.
spool=/spool

fail() {
  echo "wikiferry-mariadb: $*" >&2
  exit 1
}

case ${ADMIN_HOST:=%} in
*[!0-9.%]*) fail "ADMIN_HOST is '$ADMIN_HOST': set an address" ;;
esac

number_of() {
  (
    IFS=.
    # shellcheck disable=SC2086 # into its four numbers
    set -- $1
    echo $((($1 << 24) + ($2 << 16) + ($3 << 8) + $4))
  )
}

# This container's address in a network such as 172.18.0.0/16.
address_in() {
  shift_by=$((32 - ${1#*/}))
  wanted=$(($(number_of "${1%/*}") >> shift_by))
  for address in $(hostname -I); do
    case $address in *:*) continue ;; esac
    if [ $(($(number_of "$address") >> shift_by)) = "$wanted" ]; then
      echo "$address"
      return
    fi
  done
  return 1
}

case $role in
blue | green) ;;
*) fail "ROLE_NAME is '$role': set blue or green" ;;
esac

sql_literal() {
  printf '%s' "$1" | sed -e 's/\\/\\\\/g' -e "s/'/''/g"
}

initialise() {
  [ -s "$secrets/admin-password" ] ||
    fail "the data directory is empty, and so is $secrets/admin-password: mount the volume with the secrets"
  : >"$unfinished"
  echo "wikiferry-mariadb: initialising $datadir" >&2
  mariadb-install-db --no-defaults --datadir="$datadir" --skip-test-db --skip-name-resolve --skip-log-bin \
    --auth-root-authentication-method=socket --auth-root-socket-user=mysql --character-set-server=binary >&2
  {
    echo "SET sql_log_bin = 0;"
    echo "FLUSH PRIVILEGES;"
    printf "CREATE USER wikiferry@'%%' IDENTIFIED BY '%s';\n" "$(sql_literal "$(cat "$secrets/admin-password")")"
    echo "GRANT ALL PRIVILEGES ON *.* TO wikiferry@'%' WITH GRANT OPTION;"
    echo "FLUSH PRIVILEGES;"
  } | mariadbd --no-defaults --datadir="$datadir" --tmpdir="$spool" --skip-log-bin --bootstrap
  rm "$unfinished"
}

# Puts a copy that lies ready beside the data in their place, and the data aside (engine/movers/mariadb/copy/physical). Each
# name is moved once, so after a kill in the middle the next start goes on.
put_in_place() {
  if [ -e "$incoming/ready" ]; then
    echo "wikiferry-mariadb: putting the copied files in place" >&2
    mkdir -p "$incoming/before"
    find "$datadir" -mindepth 1 -maxdepth 1 ! -name "${incoming##*/}" ! -name lost+found \
      -exec mv -t "$incoming/before" {} +
    mv "$incoming/ready" "$incoming/cleared"
  fi
  if [ -e "$incoming/cleared" ]; then
    find "$incoming/data" -mindepth 1 -maxdepth 1 -exec mv -t "$datadir" {} +
    mv "$incoming/cleared" "$incoming/placed"
  fi
}

# Moves the account to where it may come from now, and with it the events that run as it.
admin_host() {
  [ "$ADMIN_HOST" != % ] || return 0
  cat <<STATEMENTS
UPDATE mysql.event SET definer = 'wikiferry@$ADMIN_HOST' WHERE definer LIKE 'wikiferry@%';
DELETE FROM mysql.global_priv WHERE User = 'wikiferry' AND Host <> '$ADMIN_HOST' AND (SELECT COUNT(*) > 1 FROM mysql.global_priv WHERE User = 'wikiferry');
UPDATE mysql.global_priv SET Host = '$ADMIN_HOST' WHERE User = 'wikiferry';
FLUSH PRIVILEGES;
STATEMENTS
}

find "$spool" -mindepth 1 -delete
put_in_place
if [ -e "$unfinished" ]; then
  # The first start was interrupted: nothing of worth can be in there yet.
  find "$datadir" -mindepth 1 -delete
fi
if [ ! -d "$datadir/mysql" ]; then
  if [ -n "$(find "$datadir" -mindepth 1 -maxdepth 1 ! -name lost+found | head -n 1)" ]; then
    fail "$datadir holds files but no database: give an empty volume"
  fi
  initialise
fi

{
  sed "s/@ROLE_NAME@/$role/g" /usr/local/share/wikiferry/role.sql
  admin_host
} >"$run/role.sql"

listen=0.0.0.0
if [ -n "${LISTEN_NETWORK:-}" ]; then
  listen=$(address_in "$LISTEN_NETWORK") || fail "no address of this container is in $LISTEN_NETWORK"
fi

{
  cat <<SETTINGS
[mariadbd]
datadir = $datadir
socket = $run/mysqld.sock
pid_file = $run/mysqld.pid
tmpdir = $spool
port = 3306
bind_address = $listen
skip_name_resolve
character_set_server = binary
collation_server = binary

server_id = ${SERVER_ID:-2}
gtid_domain_id = ${GTID_DOMAIN_ID:-0}
gtid_strict_mode = ON
log_bin = binlog
binlog_format = ROW
binlog_row_image = FULL
binlog_expire_logs_seconds = ${BINLOG_EXPIRE_LOGS_SECONDS:-1209600}
log_slave_updates = ON
relay_log = relay
relay_log_recovery = ON
# One after the other, but while it catches up: engine/movers/mariadb/replication/applyThreads.ts.
slave_parallel_threads = 0
sync_binlog = 1
innodb_flush_log_at_trx_commit = 1
event_scheduler = ON

# Closed until the role record, read by init_file, says otherwise.
read_only = ON
init_file = $run/role.sql

innodb_buffer_pool_size = ${INNODB_BUFFER_POOL_SIZE:-256M}
innodb_log_file_size = ${INNODB_LOG_FILE_SIZE:-256M}
max_connections = ${MAX_CONNECTIONS:-151}
max_allowed_packet = ${MAX_ALLOWED_PACKET:-64M}
performance_schema = ${PERFORMANCE_SCHEMA:-OFF}
slow_query_log = ON
slow_query_log_file = slow.log
long_query_time = ${LONG_QUERY_TIME:-2}
SETTINGS
  if [ -r "$secrets/key.pem" ]; then
    echo "ssl_ca = $secrets/ca.pem"
    echo "ssl_cert = $secrets/cert.pem"
    echo "ssl_key = $secrets/key.pem"
  fi
  if [ -n "${PROXY_ADDRESS:-}" ]; then echo "proxy_protocol_networks = $PROXY_ADDRESS"; fi
} >"$run/my.cnf"

exec mariadbd --defaults-file="$run/my.cnf" "$@"
