# A pass that would delete too much is stopped, and stays so: /state/held names it, its direction and how many files it
# would delete; /state/held.paths has their names. It ends when all of those files are at the source again, or when
# ALLOW_DELETE is its name: then these files, and no others beyond the limit, are deleted.

held_id='' held_direction='' held_files=0
read_held() {
  [ -s /state/held ] || return 0
  read -r held_id held_direction held_files </state/held || true
}

forget_held() {
  rm -f /state/held /state/held.paths
  held_id='' held_direction='' held_files=0
}

# hold NAMES FILES: stops the passes. NAMES is the list of what would be deleted.
hold() {
  LC_ALL=C sort "$1" >/state/held.paths.new
  # The time is part of the name: what was allowed once is not allowed again.
  sum=$({ cat /state/held.paths.new; echo "$started"; } | sha256sum)
  held_id=$2-$(echo "$sum" | cut -c 1-8) held_direction=$DIRECTION held_files=$2
  mv /state/held.paths.new /state/held.paths
  echo "$held_id $held_direction $held_files" >/state/held.new
  mv /state/held.new /state/held
}

# Most files that may be deleted where there are $1: MAX_DELETE, and of few files a tenth, as a source that has lost a part
# of its directories has lost more than that. Ten may always go: people delete files by hand.
limit() {
  most=$(($1 / 10))
  [ "$most" -gt 10 ] || most=10
  [ "$most" -lt "$MAX_DELETE" ] || most=$MAX_DELETE
  echo "$most"
}

# Files in the list $1; with $2, only those that are not in that list too. Directories are no files: they end with a slash.
count_files() {
  LC_ALL=C awk -v spared="${2:-}" 'BEGIN { if (spared != "") while ((getline line <spared) > 0) seen[line] = 1 }
    !($0 in seen) && $0 !~ /\/$/ { n++ } END { print n + 0 }' "$1"
}
