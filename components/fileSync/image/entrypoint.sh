#!/bin/sh
# Makes file-sync's key pair once, then runs its command.
set -eu
umask 077

mkdir -p /state/ssh
if [ ! -s /state/ssh/id_ed25519 ]; then
  rm -f /state/ssh/new /state/ssh/new.pub
  ssh-keygen -q -t ed25519 -N '' -C wikiferry-file-sync -f /state/ssh/new
  mv /state/ssh/new.pub /state/ssh/id_ed25519.pub
  mv /state/ssh/new /state/ssh/id_ed25519
fi
[ -e /state/ssh/known_hosts ] || : >/state/ssh/known_hosts

exec "$@"
