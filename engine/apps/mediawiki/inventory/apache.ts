import { posix } from "node:path";
import {
  type ConfigLine,
  emptySite,
  type ParsedServer,
  type ParsedSite,
  trimmedPath,
  unquoted,
} from "./parsedServer";
import { linesInScope } from "./scope";
import type { ConfigFile, Site } from "./webServerTypes";

/**
 * Apache as it describes itself.
 * @param dump Output of `apachectl -t -D DUMP_VHOSTS -D DUMP_INCLUDES -D DUMP_RUN_CFG -D DUMP_MODULES`.
 * @param version Output of `apachectl -v`.
 * @param files The files that it names.
 * @param envvars Debian's `/etc/apache2/envvars`.
 */
export function parseApache(
  dump: string,
  version: string,
  files: ConfigFile[],
  envvars: string,
): ParsedServer {
  const value = (pattern: RegExp) => pattern.exec(dump)?.[1] ?? "";
  const variables = { ...shellVariables(envvars), ...definesIn(dump) };
  const filled = (text: string) =>
    unquoted(text).replace(/\$\{(\w+)\}/g, (all, name: string) => variables[name] ?? all);
  const serverRoot = value(/^ServerRoot: "(.*)"/m);
  const main = mainFile(dump);
  const modules = [...dump.matchAll(/^ (\w+_module) \((?:static|shared)\)/gm)].map(([, name]) => name ?? "");
  const context: Context = { files, serverRoot, filled, modules, variables };
  const global = expand(context, wholeFile(context, main)).filter(outsideSites());
  const sites = sitesIn(dump).map((site) => describeSite(context, site, global));
  const mainRoot = value(/^Main DocumentRoot: "(.*)"/m);
  const phpLine = global.find(({ text }) => /^\s*LoadModule\s+php\d*_module\s/i.test(text))?.text;
  return {
    kind: "apache",
    version: /Apache\/([\d.]+)/.exec(version)?.[1] ?? "",
    mainFile: main,
    modules,
    variables,
    user: value(/^User: name="([^"]*)"/m),
    group: value(/^Group: name="([^"]*)"/m),
    files,
    sites: sites.length > 0 ? sites : [mainSite(context, main, mainRoot, global)],
    ...(modules.some((name) => /^php\d*_module$/.test(name))
      ? { phpModule: /libphp(\d+\.\d+)\.so/.exec(phpLine ?? "")?.[1] ?? "" }
      : {}),
    refused: /Syntax error on line|^AH\d+: .*(error|Invalid)/im.test(dump)
      ? (/^.*Syntax error.*$|^AH\d+:.*$/m.exec(dump)?.[0] ?? "").slice(0, 300)
      : "",
  };
}

interface Context {
  files: ConfigFile[];
  serverRoot: string;
  filled: (text: string) => string;
  modules: string[];
  variables: Record<string, string>;
}

function shellVariables(envvars: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [, name = "", value = ""] of envvars.matchAll(/^\s*(?:export\s+)?(APACHE_\w+)=(.*)$/gm))
    found[name] = unquoted(value.trim()).replace(/\$\{?SUFFIX\}?/g, "");
  return found;
}

function definesIn(dump: string): Record<string, string> {
  const defines = [...dump.matchAll(/^Define: (\w+)(?:=(.*))?$/gm)].filter(
    ([, name = ""]) => !name.startsWith("DUMP_"),
  );
  return Object.fromEntries(defines.map(([, name, value]) => [name, value ?? ""]));
}

const mainFile = (dump: string) => /^ *\(\*\) (\/.*)$/m.exec(dump)?.[1] ?? "";

type Declared = Pick<ParsedSite, "name" | "aliases" | "listen" | "isDefault" | "file" | "fromLine">;

/** The table of virtual hosts. One that listens on several addresses stands in it several times. */
function sitesIn(dump: string): Declared[] {
  const sites = new Map<string, Declared>();
  let address = "";
  let last: Declared | undefined;
  const table = dump.slice(Math.max(0, dump.indexOf("VirtualHost configuration:")));
  for (const line of table.split("\n")) {
    const header = /^(\S+:(?:\d+|\*))\s+(is a NameVirtualHost|.+ \(.+:\d+\))\s*$/.exec(line);
    if (header) address = header[1] ?? "";
    const declared =
      /^\s+(default server|port \d+ namevhost) (.*?) \((.+):(\d+)\)/.exec(line) ??
      /^\S+:(?:\d+|\*)(\s+)(\S+) \((.+):(\d+)\)\s*$/.exec(line);
    if (declared) {
      const [, how = "", name = "", file = "", at = ""] = declared;
      const key = `${file}:${at}`;
      last = sites.get(key) ?? {
        name,
        aliases: [],
        listen: [],
        isDefault: false,
        file,
        fromLine: Number(at),
      };
      if (how === "default server" || how.trim() === "") last.isDefault = true;
      if (!last.listen.includes(address)) last.listen.push(address);
      sites.set(key, last);
      continue;
    }
    const alias = /^\s+(?:wild )?alias (\S+)/.exec(line)?.[1];
    if (alias !== undefined && last && !last.aliases.includes(alias)) last.aliases.push(alias);
  }
  return [...sites.values()];
}

function wholeFile({ files }: Context, file: string): ConfigLine[] {
  const text = files.find((it) => it.file === file)?.text ?? "";
  return joined(text.split("\n").map((line, at) => ({ file, line: at + 1, text: line })));
}

/** A backslash at the end of a line continues it. */
function joined(lines: ConfigLine[]): ConfigLine[] {
  const whole: ConfigLine[] = [];
  let open: ConfigLine | undefined;
  for (const line of lines) {
    const text = open ? `${open.text.replace(/\\\s*$/, " ")}${line.text}` : line.text;
    const next: ConfigLine = { ...(open ?? line), text };
    open = /\\\s*$/.test(line.text) ? next : undefined;
    if (!open) whole.push(next);
  }
  return whole;
}

/** With the lines of included files in place of what includes them. */
function expand(context: Context, lines: ConfigLine[], depth = 0): ConfigLine[] {
  return lines.flatMap((line) => {
    const included = /^\s*Include(?:Optional)?\s+(.+?)\s*$/i.exec(line.text)?.[1];
    if (included === undefined || depth > 8) return [line];
    return matching(context, included).flatMap((file) =>
      expand(context, wholeFile(context, file), depth + 1),
    );
  });
}

function matching({ files, serverRoot, filled }: Context, pattern: string): string[] {
  const path = posix.resolve(serverRoot || "/", filled(pattern));
  const shape = path
    .replace(/[.+^${}()|\\]/g, "\\$&")
    .replace(/\*/g, "[^/]*")
    .replace(/\?/g, "[^/]");
  const fits = new RegExp(`^${shape}(/.*)?$`);
  return files.map(({ file }) => file).filter((file) => fits.test(file));
}

/** Keeps what stands outside of `<VirtualHost>`. */
function outsideSites() {
  let inside = false;
  return ({ text }: ConfigLine): boolean => {
    if (/^\s*<VirtualHost\b/i.test(text)) inside = true;
    const keep = !inside;
    if (/^\s*<\/VirtualHost>/i.test(text)) inside = false;
    return keep;
  };
}

function describeSite(context: Context, declared: Declared, global: ConfigLine[]): ParsedSite {
  const lines = wholeFile(context, declared.file);
  const from = lines.findIndex(({ line }) => line >= declared.fromLine);
  const end = lines.findIndex(({ text }, at) => at >= from && /^\s*<\/VirtualHost>/i.test(text));
  const own = expand(context, lines.slice(from, end < 0 ? undefined : end + 1));
  return {
    ...emptySite(),
    ...declared,
    toLine: lines[end]?.line ?? declared.fromLine,
    ...facts(context, own, global),
    ...names(context, declared, own),
  };
}

/** The dump leaves out the aliases of a site that is alone at its address. */
function names({ filled }: Context, declared: Declared, own: ConfigLine[]): Pick<Site, "name" | "aliases"> {
  const given = own.flatMap(({ text }) => {
    const words = /^\s*ServerAlias\s+(.+?)\s*$/i.exec(text)?.[1];
    return words === undefined ? [] : wordsOf(words).map(filled);
  });
  return { name: declared.name, aliases: [...new Set([...declared.aliases, ...given])] };
}

function mainSite(context: Context, file: string, root: string, global: ConfigLine[]): ParsedSite {
  const listen = global.flatMap(({ text }) => /^\s*Listen\s+(\S+)/i.exec(text)?.[1] ?? []);
  const lines = global.filter((line) => line.file === file).map(({ line }) => line);
  return {
    ...emptySite(),
    listen,
    isDefault: true,
    file,
    fromLine: 1,
    toLine: lines.at(-1) ?? 1,
    ...facts(context, global, []),
    documentRoot: root,
  };
}

function facts(context: Context, own: ConfigLine[], global: ConfigLine[]): Partial<ParsedSite> {
  const { filled, modules, variables } = context;
  const args = (lines: ConfigLine[], directive: string) =>
    lines.flatMap(({ text }) => {
      const found = new RegExp(`^\\s*(?:${directive})\\s+(.+?)\\s*$`, "i").exec(text)?.[1];
      return found === undefined ? [] : [wordsOf(found).map(filled)];
    });
  const roots = [...args(own, "DocumentRoot"), ...args(global, "DocumentRoot")];
  const documentRoot = trimmedPath(roots[0]?.[0] ?? "");
  const scoped = (lines: ConfigLine[]) => linesInScope(lines, documentRoot, modules, variables);
  const all = [...scoped(global), ...scoped(own)];
  const aliases = args(all, "Alias|AliasMatch|ScriptAlias").flatMap(([, target]) => target ?? []);
  // A handler stands in <FilesMatch "\.php$">, too.
  const handlers = (lines: ConfigLine[]) =>
    args(lines, "SetHandler|ProxyPass|ProxyPassMatch").flatMap((words) => words.flatMap(fastCgiAddress));
  // Debian's global handler for FPM stands in <IfModule !mod_php…>.
  const globally = modules.some((name) => /^php\d*_module$/.test(name)) ? [] : handlers(global);
  return {
    documentRoot,
    roots: [documentRoot, ...aliases.map(trimmedPath)].filter((root) => root !== "" && !/[$(]/.test(root)),
    tls: args(own, "SSLEngine").some(([word]) => /^(on|optional)$/i.test(word ?? "")),
    fastCgi: [...handlers(own), ...globally],
    environment: Object.fromEntries(args(all, "SetEnv").map(([name = "", value = ""]) => [name, value])),
    accessLogs: logs(args, own, global),
    phpValues: phpValues(args(all, "php_value|php_flag"), args(all, "php_admin_value|php_admin_flag")),
    handsOnTo: args(own, "ProxyPass|ProxyPassMatch").flatMap((words) =>
      words.filter((word) => /^https?:\/\//.test(word)),
    ),
  };
}

function logs(
  args: (lines: ConfigLine[], directive: string) => string[][],
  own: ConfigLine[],
  global: ConfigLine[],
): ParsedSite["accessLogs"] {
  const formats = new Map(args(global, "LogFormat").map(([format = "", name = ""]) => [name, format]));
  const given = args(own, "CustomLog|TransferLog");
  return (given.length > 0 ? given : args(global, "CustomLog|TransferLog"))
    .filter(([path = ""]) => path.startsWith("/") || path.startsWith("logs/"))
    .map(([path = "", format = ""]) => ({ path, format: formats.get(format) ?? format }));
}

function phpValues(values: string[][], admin: string[][]): Record<string, string> {
  return Object.fromEntries([...values, ...admin].map(([name = "", value = ""]) => [name, value]));
}

/** `proxy:unix:/run/php.sock|fcgi://localhost` or `fcgi://127.0.0.1:9000/var/www`. */
function fastCgiAddress(word: string): string[] {
  const socket = /unix:([^|]+)\|fcgi:/.exec(word)?.[1];
  if (socket !== undefined) return [socket];
  const tcp = /fcgi:\/\/([^/\s]+:\d+)/.exec(word)?.[1];
  return tcp === undefined ? [] : [tcp];
}

/** Words of a directive; quotes hold one together. */
export function wordsOf(text: string): string[] {
  return [...text.matchAll(/"((?:[^"\\]|\\.)*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, plain]) => double?.replace(/\\(["\\])/g, "$1") ?? single ?? plain ?? "",
  );
}
