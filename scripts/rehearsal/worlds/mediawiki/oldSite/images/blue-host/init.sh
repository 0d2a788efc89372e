#!/bin/sh
# A host's start and stop: host keys once, then the services that the arguments name, in order.
set -eu

stop() {
  for service in $stopping; do
    service "$service" stop || true
  done
  exit 0
}

ssh-keygen -A >/dev/null
install -d /run/sshd
stopping=
for service in "$@"; do
  service "$service" start
  stopping="$service $stopping"
done
trap stop TERM INT

# As process 1 the shell also collects what the services leave behind.
while :; do
  sleep 3600 &
  wait $! || true
done
