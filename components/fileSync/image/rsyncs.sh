# The rsyncs of a pass. What blue's sshd is asked to run is one of the following and nothing else. DIR is REMOTE_PATH, N
# are digits, UID and GID those of OWNER, and rsync puts letters about its abilities behind `e.`.
#
#   ls -A 'DIR' | head -n 5 | wc -l                pull: whether the source is empty
#   mkdir -p -m 0700 'DIR/.wikiferry-replaced'     push: only root may look, as files deleted from the wiki come there
#
# rsync --server --sender … . DIR/, in a pull:
#   scan    -nltpre. --timeout=30 --safe-links
#   carry   -bldtpRe. --timeout=30 --backup-dir /state/replaced/now --ignore-missing-args --safe-links --files-from=-
#           --from0 --no-implied-dirs
#   delete  -bldtpRe. --timeout=30 --backup-dir /state/replaced/now --delete-missing-args --safe-links --files-from=-
#           --from0 --no-implied-dirs
#   named   -bltprRe. --timeout=30 --backup-dir /state/replaced/now --ignore-missing-args --safe-links --files-from=-
#           --from0
# rsync --server … . DIR/, in a push:
#   scan    -nOtre. --log-format=%i --timeout=30 --delete --stats
#   carry   -bdOogtpRe. --timeout=30 --backup-dir .wikiferry-replaced/N --stats --partial-dir .wikiferry-partial
#           --usermap=*:UID --groupmap=*:GID --no-implied-dirs
#   delete  -bdOogtpRe. --timeout=30 --backup-dir .wikiferry-replaced/N --max-delete=N --force --stats
#           --delete-missing-args --usermap=*:UID --groupmap=*:GID --no-implied-dirs
#   named   -bOogtprRe. --timeout=30 --backup-dir .wikiferry-replaced/N --max-delete=N (-1 for none) --delete-after
#           --stats --partial-dir .wikiferry-partial --usermap=*:UID --groupmap=*:GID

LOCAL_PATH=/srv/uploads
# Kept replaced and deleted files: on green outside of what is served and synced. A pass's `now` is renamed at its end,
# so the line that blue is asked for is always the same.
KEPT=/state/replaced

# A link that is no directory is left out as well.
excludes="--exclude=/.wikiferry-replaced --exclude=.wikiferry-partial --exclude=/thumb --exclude=/temp
  --exclude=/lockdir --exclude=/lock_yBgMBwiR"
every="--times --omit-dir-times --stats --no-human-readable --timeout=30 $excludes"
# One connection serves all passes; it ends by itself a minute after the last.
ssh="ssh -F none -p $PORT -i /state/ssh/id_ed25519 -o IdentitiesOnly=yes -o BatchMode=yes
  -o StrictHostKeyChecking=yes -o UserKnownHostsFile=/state/ssh/known_hosts -o ConnectTimeout=10
  -o ServerAliveInterval=5 -o ServerAliveCountMax=3
  -o ControlMaster=auto -o ControlPath=/tmp/file-sync-%C -o ControlPersist=60"
ssh=$(echo $ssh)
# Green's web server is this user: whatever the modes on blue are, it reads and writes them all.
green_modes="--perms --chmod=Du=rwx,Dgo=rx,Fu=rw,Fgo=r"

# transfer ARGUMENT...: one rsync in the direction.
transfer() {
  if [ "$DIRECTION" = pull ]; then
    # A link that leads out of the directory is never made on green: nothing would be behind it.
    rsync $every --links --safe-links "$@" --rsh="$ssh" "$REMOTE:$REMOTE_PATH/" "$LOCAL_PATH/"
  else
    # A push carries no links: through one that green planted, blue's rsync could be led to any other file.
    rsync $every "$@" --rsh="$ssh" "$LOCAL_PATH/" "$REMOTE:$REMOTE_PATH/"
  fi
}

# What a transfer makes: on blue it belongs to whom most files there belong to.
rights() {
  if [ "$DIRECTION" = pull ]; then
    echo "$green_modes --backup --backup-dir=$KEPT/now"
  else
    echo "--perms --chmod=D$DIRECTORY_MODE,F$FILE_MODE --chown=$OWNER --backup --backup-dir=.wikiferry-replaced/$started"
  fi
}

# scan ARGUMENT...: says what carrying and deleting would change, and touches nothing. On blue owners and modes are not
# compared: those of files that are there already are blue's affair.
scan() {
  modes=
  [ "$DIRECTION" = push ] || modes=$green_modes
  transfer --dry-run --recursive --delete --8-bit-output --out-format='%i %n' $modes "$@"
}

# carry FILE: exactly the NUL-terminated names in it. A partial file never takes the place of a whole one.
carry() {
  transfer $(rights) --dirs --no-implied-dirs --from0 --files-from="$1" --ignore-missing-args \
    --partial-dir=.wikiferry-partial
}

# delete FILE MOST: exactly the NUL-terminated names in it that the source lacks.
delete() {
  transfer $(rights) --dirs --no-implied-dirs --from0 --files-from="$1" --delete-missing-args --force \
    --max-delete="$2"
}

# named MOST: the names on standard input; in directories that are named, what the source lacks is deleted. More than
# MOST would be: rsync ends with 25 and says how many it left.
named() {
  transfer $(rights) --recursive --from0 --files-from=- --ignore-missing-args --delete-after --max-delete="$1" \
    --partial-dir=.wikiferry-partial
}
