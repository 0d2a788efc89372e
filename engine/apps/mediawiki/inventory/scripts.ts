import { quote } from "../../../runtime/ssh/quote";
import { partFunction } from "./sections";
import { secretsQuestion, settingsQuestion } from "./settingsPhp";

/** Read as a whole before it runs, so that no command of it reads the rest as its input. For the input of `sh`. */
const whole = (script: string) => `wikiferry_inventory() {\n${script}\n}\nwikiferry_inventory </dev/null\n`;

const begin = `
${partFunction}
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin; export PATH
LC_ALL=C; export LC_ALL
have() { command -v "$1" >/dev/null 2>&1; }
within() { if have timeout; then timeout "$@"; else shift; "$@"; fi; }
`;

const words = (list: readonly string[]) => list.map(quote).join(" ");

/**
 * Finds MediaWiki's code below directories that a web server serves, and describes each place where it lies.
 * @param roots Directories to search.
 * @param known Directories that have it.
 */
export function placesScript(roots: readonly string[], known: readonly string[]): string {
  return whole(`${begin}
part places
{
  for root in ${words(roots)}; do
    [ -d "$root" ] && within 4 find -L "$root" -maxdepth 4 \\( -name images -o -name node_modules -o -name .git \\) -prune -o -path '*/includes/Defines.php' -print 2>/dev/null | sed 's#/includes/Defines.php$##'
  done
  printf '%s\\n' ${words(known)}
} | awk 'length($0) > 0 && !seen[$0]++' | while IFS= read -r place; do
  [ -f "$place/includes/Defines.php" ] && [ -d "$place/maintenance" ] || continue
  version=$(sed -n "s/^define( *'MW_VERSION', *'\\([^']*\\)'.*/\\1/p" "$place/includes/Defines.php" | head -1)
  settings=; [ -e "$place/LocalSettings.php" ] && settings=$(readlink -f "$place/LocalSettings.php")
  printf '%s\\t%s\\t%s\\t%s\\n' "$place" "$(dirname "$(readlink -f "$place/includes")")" "$version" "$settings"
done
`);
}

export interface SettingsRun {
  /** MediaWiki's directory. */
  directory: string;
  /** The account of the web server's PHP; empty to run as the SSH user. */
  user: string;
  /** PHP on the command line. */
  php: string;
  /** Variables that the web server gives to PHP. Their values may be secret. */
  environment: Record<string, string>;
  /** Host name of the site; empty if unknown. */
  host: string;
  tls: boolean;
  /** `--wiki` of a family's wiki; empty for a single wiki. */
  wiki: string;
  salt: string;
}

/**
 * Asks MediaWiki for its settings: as if for the site's host name, and without any (for `bare`, without its database).
 * Runs as the account that runs the web server's PHP, so that nothing that PHP may write belongs to root.
 */
function settingsPart(run: SettingsRun, secrets: boolean): string {
  const { directory, user, php, environment, host, tls, wiki, salt } = run;
  const exported = Object.entries(environment)
    .filter(([name]) => /^[A-Za-z_]\w*$/.test(name) && !/^(PATH|HOME|LD_|PHP_VALUE|PHP_ADMIN)/.test(name))
    .map(([name, value]) => `${name}=${quote(value)}; export ${name}`);
  const named = host
    ? `SERVER_NAME=${quote(host)} HTTP_HOST=${quote(host)} REQUEST_SCHEME=${tls ? "https" : "http"}${tls ? " HTTPS=on" : ""}`
    : "";
  const ask = (question: string, names: string) => `
( ${exported.join("; ")}${exported.length > 0 ? "; " : ""}${names ? `export ${names}; ` : ""}cd ${quote(directory)} && ask <<'WIKIFERRY_QUESTION'
${question}
WIKIFERRY_QUESTION
) 2>&1`;
  return `
as_web() {
  user=${quote(user)}
  if [ -z "$user" ] || [ "$(id -u)" != 0 ] || [ "$user" = root ]; then "$@"
  elif have runuser; then runuser -u "$user" -- "$@"
  else su -s /bin/sh "$user" -c 'exec "$@"' -- sh "$@"; fi
}
limit=; have timeout && limit='timeout 20'
ask() {
  # Since 1.40 scripts are run by run.php; before, each on its own.
  if [ -f maintenance/run.php ]; then as_web $limit ${quote(php)} maintenance/run.php eval${wiki ? ` --wiki ${quote(wiki)}` : ""}
  else as_web $limit ${quote(php)} maintenance/eval.php${wiki ? ` --wiki ${quote(wiki)}` : ""}; fi
}
part settings${ask(settingsQuestion(salt), named)}
part bare${ask(settingsQuestion(salt, false), "")}
${secrets ? `part secrets${ask(secretsQuestion, named)}` : ""}
`;
}

/**
 * Prints PHP's version, modules, settings and files, one a line: a letter, a tab, the name and the value as in a URL.
 * PHP 7.4 has JSON only as a module, which `php -n` lacks.
 */
const phpProbe = `<?php
$files = array_values( array_filter( array_map( 'trim', array_merge( [ (string)php_ini_loaded_file() ], explode( ',', (string)php_ini_scanned_files() ) ) ) ) );
$say = static function ( $letter, $name, $value = '' ) { print "$letter\\t" . rawurlencode( (string)$name ) . "\\t" . rawurlencode( (string)$value ) . "\\n"; };
$say( 'v', PHP_VERSION );
foreach ( array_merge( get_loaded_extensions(), get_loaded_extensions( true ) ) as $module ) $say( 'm', $module );
foreach ( ini_get_all( null, false ) as $name => $value ) $say( 'i', $name, $value );
foreach ( $files as $file ) {
  $say( 'f', $file );
  foreach ( @parse_ini_file( $file, false, INI_SCANNER_RAW ) ?: [] as $name => $value ) if ( is_scalar( $value ) ) $say( 'r', $name, $value );
}
$mail = strtok( (string)ini_get( 'sendmail_path' ), ' ' );
$say( 's', $mail !== false && is_executable( $mail ) ? 'yes' : 'no' );
`;

/** Settings, PHP as the web server has it, and what lies in the directories that it serves. */
export function settingsScript(
  run: SettingsRun,
  web: { ini: string; fpm: string; roots: string[]; logs: string[]; secrets: boolean },
): string {
  return whole(`${begin}
part user; id -u ${quote(run.user || "root")}; id -g ${quote(run.user || "root")}; id -gn ${quote(run.user || "root")}
probe() { "$@" <<'WIKIFERRY_PROBE'
${phpProbe}
WIKIFERRY_PROBE
}
php=${quote(run.php)}
ini=${quote(web.ini)}
fpm=${quote(web.fpm)}
part php-web
if [ -n "$ini" ]; then PHP_INI_SCAN_DIR="$ini/conf.d" probe "$php" -c "$ini/php.ini" 2>/dev/null
elif [ -n "$fpm" ]; then
  said=$("$fpm" -i 2>/dev/null)
  file=$(printf '%s\\n' "$said" | sed -n 's/^Loaded Configuration File => //p')
  folder=$(printf '%s\\n' "$said" | sed -n 's/^Scan this dir for additional .ini files => //p')
  case $folder in /*) PHP_INI_SCAN_DIR=$folder; export PHP_INI_SCAN_DIR;; esac
  case $file in /*) probe "$php" -c "$file";; *) probe "$php";; esac 2>/dev/null
  unset PHP_INI_SCAN_DIR
else probe "$php" 2>/dev/null; fi
part php-cli; probe "$php" 2>/dev/null
part php-plain; probe "$php" -n 2>/dev/null
${[...new Set(web.roots)]
  .map(
    (root) =>
      `within 3 find ${quote(root)}/ -maxdepth 4 \\( -name .git -o -name node_modules -o -path '*/images/?' \\) -prune -o -name .htaccess -type f -print 2>/dev/null | sort | head -100`,
  )
  .concat(
    [...new Set(web.roots)].map(
      (root) =>
        `ls -d ${parentsOf(root)
          .map((it) => `${quote(it)}/.htaccess`)
          .join(" ")} 2>/dev/null`,
    ),
  )
  .reduce(
    (all, line) => `${all}${line};`,
    "{ ",
  )} } | sed 's#//*#/#g' | awk '!seen[$0]++' | while IFS= read -r file; do [ -r "$file" ] && { part "htaccess:$file"; head -c 65536 <"$file"; }; done
${web.logs
  .map(
    (log) =>
      `part ${quote(`log:${log}`)}; stat -L -c %s ${quote(log)} 2>/dev/null || echo; if [ -r ${quote(log)} ]; then echo readable; else echo; fi; ls -t ${quote(log)}?* 2>/dev/null`,
  )
  .join("\n")}
${settingsPart(run, web.secrets)}
`);
}

function parentsOf(directory: string): string[] {
  const parts = directory.split("/").filter(Boolean);
  return ["", ...parts.map((_, at) => `/${parts.slice(0, at + 1).join("/")}`)].slice(0, -1);
}

/** Counts uploads and code within some seconds, and finds links and mounts. */
export function sizesScript(uploads: string, code: string, realCode: string): string {
  const count = (root: string, pruned: string[], seconds: number) => `
if [ -d ${quote(root)} ]; then
{ within ${seconds} find ${quote(root)}/ \\( ${pruned.join(" -o ")} \\) -prune -o -type f $sizes 2>/dev/null; echo "end $?"; } |
  awk '/^end/ { code = $2; next } { files++; bytes += $1 } END { printf "%d %.0f %d\\n", files, bytes, code }'
fi`;
  const links = (root: string, depth: number) =>
    `find ${quote(root)} -maxdepth ${depth} -type l 2>/dev/null | head -500 | while IFS= read -r link; do printf '%s\\t%s\\n' "$link" "$(readlink -f "$link" 2>/dev/null || readlink "$link")"; done`;
  return whole(`${begin}
# GNU find prints sizes itself.
sizes='-exec stat -c %s -- {} +'; find / -maxdepth 0 -printf '' 2>/dev/null && sizes='-printf %s\\n'
uploads=$(readlink -f ${quote(uploads)} 2>/dev/null)
part uploads-directory; printf '%s\\n' "$uploads"; stat -L -c '%U:%G %a' ${quote(uploads)} 2>/dev/null
part uploads-count; cd "$uploads" 2>/dev/null && {${count(".", ["-path './/thumb'", "-path './/temp'", "-path './/lockdir'", "-path './/transcoded'", "-path './/README'", "-path './/.htaccess'"], 6)}
}
part uploads-links; ${links(uploads, 1)}; [ -L ${quote(uploads)} ] || ${links(`${uploads}/`, 2)}; cd /
part mounts; cat /proc/self/mounts 2>/dev/null
part code-count; cd ${quote(realCode)} 2>/dev/null && {${count(".", ["-name .git", "-path './/images'", "-path './/cache'"], 6)}
}
part code-links; cd /; ${links(`${code}/`, 3)}
${code === realCode ? "" : links(`${realCode}/`, 3)}
`);
}
