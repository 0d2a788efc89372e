import { posix } from "node:path";
import type { ParsedSite } from "./parsedServer";
import { redactedValue } from "./redact";
import type { ConfigFile, FpmPool, PhpFacts } from "./types";

/** Settings of PHP that decide what a wiki can do; always reported. */
export const phpLimits = [
  "memory_limit",
  "max_execution_time",
  "max_input_time",
  "max_input_vars",
  "post_max_size",
  "upload_max_filesize",
  "max_file_uploads",
  "file_uploads",
  "date.timezone",
  "default_charset",
  "default_socket_timeout",
  "disable_functions",
  "open_basedir",
  "session.save_handler",
  "session.gc_maxlifetime",
  "sendmail_path",
  "error_reporting",
  "display_errors",
  "short_open_tag",
  "pcre.backtrack_limit",
  "pcre.jit",
  "opcache.enable",
  "opcache.memory_consumption",
  "apc.shm_size",
  "zend.assertions",
] as const;

/** What PHP on the command line has in place of php.ini's values (`sapi/cli/php_cli.c`), with the defaults of others. */
const overridden: Record<string, string> = {
  display_errors: "1",
  html_errors: "1",
  implicit_flush: "0",
  max_execution_time: "30",
  max_input_time: "-1",
  output_buffering: "0",
  register_argc_argv: "1",
};

/** Answer of the probe. */
export interface PhpAnswer {
  version: string;
  modules: string[];
  ini: Record<string, string>;
  /** As the files have them. */
  raw: Record<string, string>;
  files: string[];
  sendmailExists: boolean;
}

export function parsePhp(output: string): PhpAnswer {
  const answer: PhpAnswer = { version: "", modules: [], ini: {}, raw: {}, files: [], sendmailExists: false };
  const modules = new Set<string>();
  for (const line of output.split("\n")) {
    const [letter, name = "", value = ""] = line.split("\t").map(decoded);
    if (letter === "v") answer.version = name;
    else if (letter === "m") modules.add(name.toLowerCase());
    else if (letter === "i") answer.ini[name] = value;
    else if (letter === "r") answer.raw[name] = value;
    else if (letter === "f") answer.files.push(name);
    else if (letter === "s") answer.sendmailExists = name === "yes";
  }
  answer.modules = [...modules].sort();
  return answer;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.trim());
  } catch {
    return text.trim();
  }
}

/**
 * PHP of the web server.
 * @param web PHP on the command line with the web server's files.
 * @param plain PHP without any file.
 */
export function phpFacts(
  sapi: string,
  web: PhpAnswer,
  cli: PhpAnswer,
  plain: PhpAnswer,
  site: Pick<ParsedSite, "phpValues"> | undefined,
  pool: FpmPool | undefined,
): PhpFacts {
  const effective: Record<string, string> = { ...web.ini };
  for (const [name, standard] of Object.entries(overridden)) effective[name] = web.raw[name] ?? standard;
  const fromPool = Object.entries(pool?.directives ?? {}).flatMap(([key, value]) => {
    const name = /^php_(?:admin_)?(?:value|flag)\[(.+)\]$/.exec(key)?.[1];
    return name === undefined ? [] : [[name, value] as const];
  });
  const closer = { ...Object.fromEntries(fromPool), ...site?.phpValues };
  Object.assign(effective, closer);
  const differs = (name: string) =>
    name in closer || (name in web.raw && effective[name] !== (plain.ini[name] ?? overridden[name]));
  const shown = Object.keys(effective).filter(
    (name) => (phpLimits as readonly string[]).includes(name) || differs(name),
  );
  // Of the command line alone.
  const modules = sapi === "cli" ? web.modules : web.modules.filter((name) => name !== "pcntl");
  return {
    version: web.version,
    sapi,
    modules,
    limits: Object.fromEntries(
      shown.sort().map((name) => [name, redactedValue(name, effective[name] ?? "")]),
    ),
    iniFiles: web.files,
    cli: { version: cli.version, modules: cli.modules },
    ...(pool ? { fpm: pool } : {}),
  };
}

/** The pools of FPM's configuration files. Without `env[…]`, which may be secret. */
export function poolsIn(files: readonly ConfigFile[]): (FpmPool & { environment: Record<string, string> })[] {
  return files.flatMap(({ file, text }) => {
    const pools: (FpmPool & { environment: Record<string, string> })[] = [];
    for (const line of text.split("\n")) {
      const name = /^\s*\[([^\]]+)\]/.exec(line)?.[1];
      if (name !== undefined) {
        pools.push({ name, file, listen: "", user: "", group: "", directives: {}, environment: {} });
        continue;
      }
      const [, key, value = ""] = /^\s*([a-z_.]+(?:\[[^\]]+\])?)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
      const pool = pools.at(-1);
      if (!pool || key === undefined) continue;
      const plain = value.replace(/^"(.*)"$/, "$1").replaceAll("$pool", pool.name);
      const variable = /^env\[(.+)\]$/.exec(key)?.[1];
      if (variable !== undefined) pool.environment[variable] = plain;
      else if (key === "listen" || key === "user" || key === "group") pool[key] = plain;
      else pool.directives[key] = redactedValue(key, plain);
    }
    return pools.filter((pool) => pool.listen !== "");
  });
}

/** The pool that listens at an address of FastCGI. */
export function poolAt<P extends Pick<FpmPool, "listen">>(
  pools: readonly P[],
  addresses: readonly string[],
): P | undefined {
  const plain = (address: string) =>
    address
      .replace(/^unix:\/*/, "/")
      .replace(/^(\/var)?\/run\//, "/run/")
      .replace(/^(localhost|\[::\]|0\.0\.0\.0|\*):/, "127.0.0.1:");
  const tcp = (address: string) => (/^\d+$/.test(address) ? `127.0.0.1:${address}` : plain(address));
  return pools.find(({ listen }) => addresses.some((address) => tcp(address) === tcp(listen)));
}

/** PHP's minor version that a pool's file or socket is named by; empty if by none. */
export function versionNamed(...texts: string[]): string {
  for (const text of texts) {
    const found = /php[-/]?(?:fpm[-/]?)?(\d\.\d+)/.exec(text)?.[1];
    if (found !== undefined) return found;
  }
  return "";
}

/** PHP on the command line of a version: `/usr/bin/php8.2`, else `/usr/bin/php`; empty where there is none. */
export function commandLinePhp(programs: readonly string[], version: string): string {
  const named = (name: string) => programs.find((path) => posix.basename(path) === name);
  const any = programs.find((path) => /^php\d(\.\d+)?$/.test(posix.basename(path)));
  return (version && named(`php${version}`)) || named("php") || any || "";
}
