#!/bin/bash
# MHA's master_ip_online_change_script: `stop` closes the old primary, `start` opens the new one and turns the gate.
# Access data: /root/.my.cnf, and /root/gate with host and password of the gate's runtime API.
set -eu
. /root/gate
for argument; do
  case $argument in
  --command=*) command=${argument#*=} ;;
  --orig_master_host=*) old=${argument#*=} ;;
  --new_master_host=*) new=${argument#*=} ;;
  esac
done

case $command in
stop)
  mariadb -h "$old" -e "SET GLOBAL read_only = 1"
  mariadb -h "$old" -e "KILL HARD USER wikiuser" || true
  ;;
start)
  mariadb -h "$new" -e "SET GLOBAL read_only = 0"
  side=${new%-db}
  exec 3<>/dev/tcp/$host/9999
  echo "gate login $password;gate set primary=$side views=$side canary=0" >&3
  cat <&3
  ;;
esac
