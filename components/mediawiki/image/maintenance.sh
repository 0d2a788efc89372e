#!/bin/sh
# wiki-maintenance SCRIPT [ARGUMENT...]: one of MediaWiki's maintenance scripts, named with or without .php.
set -eu
[ $# -ge 1 ] || {
  echo "usage: wiki-maintenance SCRIPT [ARGUMENT...]" >&2
  exit 2
}
script=${1%.php}
shift
exec php "/srv/mediawiki/maintenance/$script.php" "$@"
