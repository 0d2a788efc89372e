import { z } from "zod";
import { setting } from "./settings";
import type { Difference } from "./types";

const phpSchema = z.object({
  version: z.string(),
  modules: z.array(z.string()),
  limits: z.record(z.string(), z.union([z.string(), z.boolean(), z.null()])),
});

/** The web server's PHP on one side. */
export type Php = z.output<typeof phpSchema>;

/** Settings of PHP that decide what a wiki can do. */
const limits = [
  "memory_limit",
  "upload_max_filesize",
  "post_max_size",
  "max_input_vars",
  "max_file_uploads",
  "file_uploads",
  "date.timezone",
  "default_charset",
  "disable_functions",
  "open_basedir",
  "allow_url_fopen",
  "short_open_tag",
  "auto_prepend_file",
  "default_socket_timeout",
  "pcre.backtrack_limit",
  "mbstring.language",
  "zend.assertions",
];

/** Modules that only the command line has, or that only help whoever develops. */
const besides = new Set(["readline", "pcntl", "xdebug"]);

const marker = "wikiferry-php:";

/**
 * A shell script that prints what the web server's PHP has: the command line's own settings are others on Debian. It
 * reads `php.ini` of mod_php or of FPM, whichever is there; elsewhere all programs share one.
 */
export const phpQuestion = `ini=$(for d in /etc/php/*/apache2 /etc/php/*/fpm; do [ -f "$d/php.ini" ] && echo "$d"; done | tail -n 1)
if [ -n "$ini" ]; then export PHP_INI_SCAN_DIR="$ini/conf.d"; set -- -c "$ini/php.ini"; else set --; fi
exec php "$@" -d display_errors=0 -r '$l = []; foreach (explode(" ", "${limits.join(" ")}") as $k) { $l[$k] = ini_get($k); } echo "${marker}", json_encode(["version" => PHP_VERSION, "modules" => array_map("strtolower", get_loaded_extensions()), "limits" => $l]), "\\n";'`;

/** Parses what the script printed; undefined where it could not run. */
export function readPhp(stdout: string): Php | undefined {
  const line = stdout.split("\n").find((text) => text.startsWith(marker));
  if (line === undefined) return undefined;
  try {
    return phpSchema.safeParse(JSON.parse(line.slice(marker.length))).data;
  } catch {
    return undefined;
  }
}

/** In what the two differ. A module that only green has does no harm. Pure. */
export function comparePhp(blue: Php, green: Php): Difference[] {
  const minor = ({ version }: Php) => version.split(".").slice(0, 2).join(".");
  const missing = blue.modules.filter((name) => !green.modules.includes(name) && !besides.has(name));
  return [
    ...(minor(blue) === minor(green)
      ? []
      : [setting("PHP's version", `${green.version} instead of ${blue.version}`)]),
    ...missing.map((name) => setting(`PHP module ${name}`, "missing")),
    ...limits
      .filter((name) => (blue.limits[name] || "") !== (green.limits[name] || ""))
      .map((name) =>
        setting(`PHP's ${name}`, `${green.limits[name] || "none"} instead of ${blue.limits[name] || "none"}`),
      ),
  ];
}
