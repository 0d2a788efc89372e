# read_settings FILE: takes NAME=VALUE lines as data. Nothing in FILE is run, a value that can't be right is never taken
# but told in settings_error, and other names are nothing to it.
#
#   DIRECTION          pull (to green), push (to blue) or off
#   REMOTE, PORT       root@host, 22
#   REMOTE_PATH        the upload directory over there
#   MAX_DELETE         most files that one pass may delete [500]
#   ALLOW_DELETE       name of the stopped pass whose deletions are allowed
#   KEEP_DAYS          for how long replaced and deleted files are kept on green [30]
#   PARALLEL           parts of a whole pass that run at the same time, 1 to 8 [4]
#   INTERVAL_SECONDS   pause between two passes [5]
#   PAUSED             yes: passes are made by sync-now only
#   OWNER              uid:gid of what a push makes on blue
#   FILE_MODE, DIRECTORY_MODE   in octal digits, likewise
DIRECTION=off REMOTE='' PORT=22 REMOTE_PATH=/srv/uploads MAX_DELETE=500 ALLOW_DELETE='' KEEP_DAYS=30 PARALLEL=4
INTERVAL_SECONDS=5 PAUSED=no OWNER='' FILE_MODE='' DIRECTORY_MODE=''
settings_error=

read_settings() {
  [ -r "$1" ] || return 0
  while IFS= read -r setting || [ -n "$setting" ]; do
    [ -n "$setting" ] || continue
    name=${setting%%=*}
    value=${setting#*=}
    case $name in
    DIRECTION) allowed='pull push off' ;;
    PAUSED) allowed='yes no' ;;
    PARALLEL) allowed='1 2 3 4 5 6 7 8' ;;
    *) allowed= ;;
    esac
    right=yes
    case $name in
    DIRECTION | PAUSED | PARALLEL)
      case " $allowed " in *" $value "*) ;; *) right=no ;; esac
      case $value in '' | *' '*) right=no ;; esac
      ;;
    PORT | MAX_DELETE | KEEP_DAYS | INTERVAL_SECONDS | FILE_MODE | DIRECTORY_MODE)
      # A shell computes with 64 bits.
      case $value in '' | *[!0-9]* | ?????????*) right=no ;; esac
      ;;
    OWNER) case $value in '' | *[!0-9:]* | *:*:* | :* | *:) right=no ;; *:*) ;; *) right=no ;; esac ;;
    ALLOW_DELETE) case $value in *[!0-9a-f-]*) right=no ;; esac ;;
    REMOTE | REMOTE_PATH) case $value in '' | -* | *[!A-Za-z0-9@._:/+-]*) right=no ;; esac ;;
    *) continue ;;
    esac
    if [ "$right" = no ]; then
      settings_error="'$name' can't be '$value' in $1"
      continue
    fi
    case $name in
    DIRECTION) DIRECTION=$value ;;
    REMOTE) REMOTE=$value ;;
    PORT) PORT=$value ;;
    REMOTE_PATH) REMOTE_PATH=$value ;;
    MAX_DELETE) MAX_DELETE=$value ;;
    ALLOW_DELETE) ALLOW_DELETE=$value ;;
    KEEP_DAYS) KEEP_DAYS=$value ;;
    PARALLEL) PARALLEL=$value ;;
    INTERVAL_SECONDS) INTERVAL_SECONDS=$value ;;
    PAUSED) PAUSED=$value ;;
    OWNER) OWNER=$value ;;
    FILE_MODE) FILE_MODE=$value ;;
    DIRECTORY_MODE) DIRECTORY_MODE=$value ;;
    esac
  done <"$1"
}
