#!/bin/sh
# web: Apache with MediaWiki on port 8080. jobs: the job runner. Anything else is run as it is.
# LocalSettings.php names the variables that it reads; APACHE_WORKERS [24] bounds the requests served at a time.
set -eu
umask 027

run=/tmp/wikiferry
mkdir -p "$run/apache"
# A process that was killed leaves its temporary files.
find /spool -mindepth 1 -delete
mkdir -p /spool/uploads /spool/tmp /spool/cache

case ${1:-web} in
web)
  export APACHE_RUN_DIR="$run/apache" APACHE_LOCK_DIR="$run/apache" APACHE_LOG_DIR="$run/apache"
  export APACHE_PID_FILE="$run/apache/httpd.pid" APACHE_RUN_USER=www-data APACHE_RUN_GROUP=www-data
  export WIKI_UPLOAD_PATH="${WIKI_UPLOAD_PATH:-/images}"
  export APACHE_WORKERS="${APACHE_WORKERS:-24}"
  umask 022
  # MediaWiki makes it with the first upload; where two come at once, it refuses the one that finds it just made
  # (FSLockManager::doSingleLock).
  mkdir -p /srv/uploads/lockdir || true
  case $WIKI_UPLOAD_PATH in
  /img_auth.php) public= ;;
  *.php | *.php/*)
    echo "wikiferry-mediawiki: WIKI_UPLOAD_PATH is '$WIKI_UPLOAD_PATH': files that a script hands out are served as /img_auth.php only" >&2
    exit 1
    ;;
  *) public=-DPublicUploads ;;
  esac
  exec apache2 -f /etc/wikiferry/httpd.conf -DFOREGROUND $public
  ;;
jobs)
  exec wiki-jobs
  ;;
*)
  exec "$@"
  ;;
esac
