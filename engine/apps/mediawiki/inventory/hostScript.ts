import { partFunction } from "./sections";

/** Words by which a crontab's line, a unit or a process is MediaWiki's. */
export const jobPattern =
  "runJobs|jobrunner|mw-job|maintenance/[A-Za-z]+\\.php|maintenance/run( |\\.php)|mwscript";

/**
 * Reads what runs on a host: system, web servers with their effective configuration, PHP-FPM's pools, cron, units,
 * fonts, MediaWiki directories in the usual places. For `sh` of Debian, Red Hat and BusyBox. Writes nothing.
 */
export const hostScript = `
wikiferry_inventory() {
${partFunction}
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin; export PATH
LC_ALL=C; export LC_ALL
have() { command -v "$1" >/dev/null 2>&1; }
# At most 256 kB of each text: no configuration is larger.
show() { [ -f "$2" ] && [ -r "$2" ] || return 0; part "$1$2"; head -c 262144 <"$2"; }
within() { if have timeout; then timeout "$@"; else shift; "$@"; fi; }

part system
uname -n; uname -m
id -un
part release; ( . /etc/os-release; echo "$ID"; echo "\${VERSION_CODENAME:-$VERSION_ID}" ) 2>/dev/null
part timezone; cat /etc/timezone 2>/dev/null || readlink /etc/localtime
part processes
if have ps && ps -eo pid=,user=,comm=,args= >/dev/null 2>&1; then ps -eo pid=,user=,comm=,args= | cut -c1-400
else
  for p in /proc/[0-9]*; do
    name=$(cat "$p/comm" 2>/dev/null) || continue
    printf '%s %s %s ' "\${p#/proc/}" "$(stat -c %U "$p" 2>/dev/null)" "$name"
    tr '\\0\\n\\036' '   ' <"$p/cmdline" 2>/dev/null | head -c 400; echo
  done
fi

for tool in apache2ctl apachectl httpd apache2; do
  have $tool || continue
  # Warnings of a busy server's own go to standard error as well as what is wrong with its configuration.
  dump=$(within 10 $tool -t -D DUMP_VHOSTS -D DUMP_INCLUDES -D DUMP_RUN_CFG -D DUMP_MODULES 2>&1)
  part apache-dump; printf '%s\\n' "$dump"
  part apache-version; $tool -v 2>/dev/null
  show envvars: /etc/apache2/envvars
  printf '%s\\n' "$dump" | sed -n 's/^ *([0-9*]*) \\{1,\\}\\//\\//p' | while IFS= read -r file; do show apache-file: "$file"; done
  break
done

if have nginx; then
  part nginx-version; nginx -V 2>&1
  part nginx-dump; within 10 nginx -T 2>&1
fi
for file in /etc/caddy/Caddyfile; do show caddy-file: $file; done
have caddy && { part caddy-version; caddy version 2>/dev/null; }
have lighttpd && { part lighttpd-version; lighttpd -v 2>/dev/null; show lighttpd-file: /etc/lighttpd/lighttpd.conf; }

for file in /etc/php/*/fpm/pool.d/*.conf /etc/php-fpm.d/*.conf /etc/php*/php-fpm.d/*.conf /etc/opt/remi/*/php-fpm.d/*.conf /usr/local/etc/php-fpm.d/*.conf; do show pool: "$file"; done
part php
for folder in $(echo "$PATH" | tr : ' '); do ls -d "$folder"/php "$folder"/php[5-9]* "$folder"/php-fpm* 2>/dev/null; done | sort -u
part php-directories; ls -d /etc/php/*/* 2>/dev/null

for file in /etc/crontab /etc/cron.d/* /etc/cron.hourly/* /etc/cron.daily/* /var/spool/cron/crontabs/* /var/spool/cron/[a-z]*; do
  [ -f "$file" ] || continue
  part "cron:$file"; grep -nE '${jobPattern}' "$file" 2>/dev/null
done
for unit in $(grep -rlE '${jobPattern}' /etc/systemd/system /run/systemd/system /usr/lib/systemd/system /lib/systemd/system 2>/dev/null | grep -E '\\.(service|timer)$' | sort -u); do
  show unit: "$unit"
  name=\${unit##*/}; name=\${name%.*}
  for timer in "\${unit%/*}/$name.timer" "/etc/systemd/system/$name.timer"; do [ "$timer" = "$unit" ] || show unit: "$timer"; done
  have systemctl && { part "unit-state:$name"; systemctl is-active "$name.service" "$name.timer" 2>/dev/null; }
done

part services
have systemctl && [ -d /run/systemd/system ] && echo systemd
for name in cron crond apache2 httpd nginx php-fpm; do [ -e "/etc/init.d/$name" ] && echo "init $name"; done
ls /etc/init.d 2>/dev/null | grep -E '^php.*fpm' | sed 's/^/init /'
part fonts
have fc-list && fc-list : family 2>/dev/null | head -2000
part candidates
for place in /var/www /srv /opt /usr/share /usr/local /var/lib/mediawiki /home; do
  [ -d "$place" ] && within 3 find -L "$place" -maxdepth 4 -path '*/includes/Defines.php' 2>/dev/null
done | sed 's#/includes/Defines.php$##' | sort -u | head -50
}
wikiferry_inventory </dev/null
`;
