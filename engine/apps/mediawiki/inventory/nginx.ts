import { posix } from "node:path";
import { emptySite, type ParsedServer, type ParsedSite, trimmedPath } from "./parsedServer";
import type { ConfigFile } from "./webServerTypes";

/** A directive, with the block that it opens. */
export interface Directive {
  name: string;
  args: string[];
  file: string;
  line: number;
  /** Where its block ends. */
  endLine: number;
  block?: Directive[];
}

/** The files of `nginx -T`, in the order in which nginx reads them. */
export function nginxFiles(dump: string): ConfigFile[] {
  return dump
    .split(/^# configuration file (?=\/.*:$)/m)
    .slice(1)
    .map((part) => {
      const end = part.indexOf("\n");
      return { file: part.slice(0, end).replace(/:$/, ""), text: part.slice(end + 1).replace(/\n$/, "") };
    });
}

/**
 * nginx as it describes itself.
 * @param dump Output of `nginx -T`.
 * @param version Output of `nginx -V`.
 */
export function parseNginx(dump: string, version: string): ParsedServer {
  const files = nginxFiles(dump);
  const main = files[0]?.file ?? "";
  const tree = directivesOf(files, main);
  const all = flattened(tree);
  const user = all.find(({ name }) => name === "user");
  const http = tree.filter(({ name }) => name === "http").flatMap(({ block = [] }) => block);
  const upstreams = new Map(
    http
      .filter(({ name }) => name === "upstream")
      .map(({ args, block = [] }) => [
        args[0] ?? "",
        block.filter(({ name }) => name === "server").map((server) => server.args[0] ?? ""),
      ]),
  );
  const prefix = /--prefix=(\S+)/.exec(version)?.[1] ?? "/usr/share/nginx";
  const resolved = (path: string) => trimmedPath(posix.resolve(prefix, path));
  const loaded = all
    .filter(({ name }) => name === "load_module")
    .map(({ args }) => posix.basename(args[0] ?? ""));
  return {
    kind: "nginx",
    version: /nginx version: \S+\/([\d.]+)/.exec(version)?.[1] ?? "",
    mainFile: main,
    modules: [...[...version.matchAll(/--with-(http_\w+_module)/g)].map(([, name]) => name ?? ""), ...loaded],
    variables: {},
    user: user?.args[0] ?? /--user=(\S+)/.exec(version)?.[1] ?? "nobody",
    group: user?.args[1] ?? user?.args[0] ?? /--group=(\S+)/.exec(version)?.[1] ?? "nogroup",
    files,
    sites: http
      .filter(({ name }) => name === "server")
      .map((server) => siteOf(server, http, upstreams, resolved)),
    refused: /\[emerg\].*/.exec(dump)?.[0]?.slice(0, 300) ?? "",
  };
}

function siteOf(
  server: Directive,
  http: Directive[],
  upstreams: ReadonlyMap<string, string[]>,
  resolved: (path: string) => string,
): ParsedSite {
  const own = server.block ?? [];
  const inside = flattened(own);
  const args = (directives: Directive[], name: string) =>
    directives.filter((it) => it.name === name).map((it) => it.args);
  const first = (name: string) => args(own, name)[0]?.[0] ?? args(http, name)[0]?.[0];
  const listens = args(own, "listen");
  const [name = "", ...aliases] = args(own, "server_name")
    .flat()
    .filter((it) => it !== "_" && it !== "");
  const documentRoot = first("root") === undefined ? "" : resolved(first("root") as string);
  const roots = [...args(inside, "root"), ...args(inside, "alias")].map(([path = ""]) => resolved(path));
  const formats = new Map(args(http, "log_format").map(([format = "", ...text]) => [format, text.join("")]));
  const logs = [...args(inside, "access_log")];
  return {
    ...emptySite(),
    name,
    aliases,
    listen: listens.length > 0 ? listens.map(([address = ""]) => address) : ["*:80"],
    tls: listens.some((words) => words.includes("ssl")) || args(own, "ssl").some(([on]) => on === "on"),
    isDefault: listens.some((words) => words.includes("default_server") || words.includes("default")),
    documentRoot,
    file: server.file,
    fromLine: server.line,
    toLine: server.endLine,
    roots: [...new Set([documentRoot, ...roots])].filter((root) => root !== "" && !root.includes("$")),
    fastCgi: args(inside, "fastcgi_pass").flatMap(([address = ""]) =>
      (upstreams.get(address) ?? [address]).map((it) => it.replace(/^unix:/, "")),
    ),
    environment: Object.fromEntries(
      args([...http, ...inside], "fastcgi_param").map(([key = "", value = ""]) => [key, value]),
    ),
    accessLogs: (logs.length > 0 ? logs : args(http, "access_log"))
      .filter(([path = ""]) => path.startsWith("/"))
      .map(([path = "", format = "combined"]) => ({ path, format: formats.get(format) ?? format })),
    phpValues: phpValuesIn(args([...http, ...inside], "fastcgi_param")),
    handsOnTo: args(inside, "proxy_pass").map(([address = ""]) => address),
  };
}

/** `fastcgi_param PHP_VALUE "upload_max_filesize=100M \n post_max_size=100M";` */
function phpValuesIn(params: string[][]): Record<string, string> {
  const texts = params
    .filter(([name]) => /^PHP_(ADMIN_)?VALUE$/.test(name ?? ""))
    .map(([, text]) => text ?? "");
  const pairs = texts.flatMap((text) =>
    [...text.matchAll(/([\w.]+)\s*=\s*([^\s\\]+)/g)].map(([, name = "", value = ""]) => [name, value]),
  );
  return Object.fromEntries(pairs);
}

function flattened(directives: Directive[]): Directive[] {
  return directives.flatMap((it) => [it, ...flattened(it.block ?? [])]);
}

/** A file's directives, those of the files that it includes in their place. */
export function directivesOf(files: readonly ConfigFile[], file: string, depth = 0): Directive[] {
  const found = files.find((it) => it.file === file);
  if (!found || depth > 10) return [];
  const folder = posix.dirname(files[0]?.file ?? "/etc/nginx/nginx.conf");
  const included = (directives: Directive[]): Directive[] =>
    directives.flatMap((it) => {
      if (it.name !== "include") return [it.block ? { ...it, block: included(it.block) } : it];
      const path = posix.resolve(folder, it.args[0] ?? "");
      const shape = new RegExp(
        `^${path
          .replace(/[.+^${}()|\\]/g, "\\$&")
          .replace(/\*/g, "[^/]*")
          .replace(/\?/g, "[^/]")}$`,
      );
      return files
        .filter((other) => shape.test(other.file))
        .flatMap((other) => directivesOf(files, other.file, depth + 1));
    });
  return included(parseText(found.text, file));
}

interface Token {
  text: string;
  line: number;
  /** Not a quoted text. */
  bare: boolean;
}

function parseText(text: string, file: string): Directive[] {
  const root: Directive[] = [];
  const open: Directive[] = [];
  let words: Token[] = [];
  for (const token of tokensOf(text)) {
    const place = open.at(-1)?.block ?? root;
    const [name, ...args] = words;
    if (token.bare && token.text === "}") {
      const closed = open.pop();
      if (closed) closed.endLine = token.line;
      words = [];
    } else if (token.bare && (token.text === ";" || token.text === "{")) {
      if (name) {
        const directive: Directive = {
          name: name.text,
          args: args.map((it) => it.text),
          file,
          line: name.line,
          endLine: token.line,
        };
        place.push(directive);
        if (token.text === "{") {
          directive.block = [];
          open.push(directive);
        }
      }
      words = [];
    } else words.push(token);
  }
  return root;
}

/** Words, quoted texts, and the signs `;`, `{` and `}`, by nginx's rules: `ngx_conf_read_token` in ngx_conf_file.c. */
function* tokensOf(text: string): Generator<Token> {
  let line = 1;
  const pattern =
    /(#[^\n]*)|"((?:[^"\\]|\\[\s\S])*)"|'((?:[^'\\]|\\[\s\S])*)'|([;{}])|((?:\\[\s\S]|\$\{[^}]*\}|[^\s;{}"'#\\])(?:\\[\s\S]|\$\{[^}]*\}|[^\s;{}\\])*)|(\s+)/g;
  for (const [whole, comment, double, single, sign, word] of text.matchAll(pattern)) {
    const quoted = double ?? single;
    if (sign !== undefined) yield { text: sign, line, bare: true };
    else if (quoted !== undefined) yield { text: quoted.replace(/\\(["'\\])/g, "$1"), line, bare: false };
    else if (word !== undefined && comment === undefined) yield { text: word, line, bare: true };
    line += whole.split("\n").length - 1;
  }
}
