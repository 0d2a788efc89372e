import { parseApache } from "./apache";
import { parseCaddy } from "./caddy";
import type { Process } from "./jobs";
import { parseNginx } from "./nginx";
import { type ParsedServer, type ParsedSite, publicSite } from "./parsedServer";
import { redacted, redactedValue } from "./redact";
import { filesUnder, linesOf, partNamed } from "./sections";
import type { AccessLog, ConfigFile, WebServer } from "./webServerTypes";

type Parts = readonly { name: string; text: string }[];

const programs: Record<string, RegExp> = {
  apache: /^(apache2|httpd)/,
  nginx: /^nginx/,
  caddy: /^caddy/,
  lighttpd: /^lighttpd/,
};

/** The web servers of a host, those that run first. From the parts of `hostScript`. */
export function serversIn(parts: Parts, processes: readonly Process[]): ParsedServer[] {
  const has = (name: string) => parts.some((part) => part.name === name);
  const servers: ParsedServer[] = [];
  if (has("apache-dump"))
    servers.push(
      parseApache(
        partNamed(parts, "apache-dump"),
        partNamed(parts, "apache-version"),
        filesUnder(parts, "apache-file:"),
        filesUnder(parts, "envvars:")[0]?.text ?? "",
      ),
    );
  if (has("nginx-dump"))
    servers.push(parseNginx(partNamed(parts, "nginx-dump"), partNamed(parts, "nginx-version")));
  const [caddyfile] = filesUnder(parts, "caddy-file:");
  if (caddyfile) servers.push(parseCaddy(caddyfile, partNamed(parts, "caddy-version")));
  const runs = ({ kind }: ParsedServer) => processes.some(({ name }) => programs[kind]?.test(name));
  return [...servers.filter(runs), ...servers.filter((server) => !runs(server))];
}

/** A server that hands requests on to another on the same host, such as nginx before Apache; empty for none. */
export function serverBefore(
  servers: readonly ParsedServer[],
  inner: ParsedServer | undefined,
  running: readonly Process[],
): string {
  const before = servers.find(
    (server) =>
      server !== inner &&
      running.some(({ name }) => programs[server.kind]?.test(name)) &&
      server.sites.some(({ handsOnTo }) =>
        handsOnTo.some((url) => /\/\/(localhost|127\.|\[::1\])/.test(url)),
      ),
  );
  return before?.kind ?? "";
}

/**
 * What the inventory tells of the server. Secrets are taken out here.
 * @param account Name, uid, gid and group of PHP's account.
 * @param parts Of `settingsScript`.
 */
export function webServerFacts(
  server: ParsedServer | undefined,
  site: ParsedSite | undefined,
  account: WebServer["user"],
  parts: Parts,
): WebServer {
  const clean = ({ file, text }: ConfigFile): ConfigFile => ({ file, text: redacted(text) });
  return {
    kind: server?.kind ?? "unknown",
    version: server?.version ?? "",
    mainFile: server?.mainFile ?? "",
    user: account,
    modules: server?.modules ?? [],
    variables: Object.fromEntries(
      Object.entries(server?.variables ?? {}).map(([name, value]) => [name, redactedValue(name, value)]),
    ),
    documentRoot: site?.documentRoot ?? "",
    sites: (server?.sites ?? []).map(publicSite),
    site: server && site ? server.sites.indexOf(site) : -1,
    configuration: (server?.files ?? []).map(clean),
    htaccess: server?.kind === "apache" ? filesUnder(parts, "htaccess:").map(clean) : [],
    accessLogs: (site?.accessLogs ?? []).map((log) => accessLog(log, partNamed(parts, `log:${log.path}`))),
  };
}

function accessLog({ path, format }: ParsedSite["accessLogs"][number], text: string): AccessLog {
  const lines = linesOf(text);
  const readable = lines.includes("readable");
  return {
    path,
    format,
    bytes: /^\d+$/.test(lines[0] ?? "") ? Number(lines[0]) : 0,
    readable,
    rotated: lines.filter((line) => line.startsWith(path)),
  };
}
