import { emptySite, type ParsedServer, type ParsedSite, trimmedPath } from "./parsedServer";
import type { ConfigFile } from "./webServerTypes";

/** Caddy by its Caddyfile: sites, roots, where PHP goes. Snippets and imports are not followed. */
export function parseCaddy(file: ConfigFile, version: string): ParsedServer {
  const sites: ParsedSite[] = [];
  let depth = 0;
  let site: ParsedSite | undefined;
  for (const [at, raw] of file.text.split("\n").entries()) {
    const line = raw.replace(/(^|\s)#.*$/, "").trim();
    const opens = line.endsWith("{");
    if (depth === 0 && opens && line !== "{" && !line.startsWith("(")) {
      const names = line
        .slice(0, -1)
        .split(/[\s,]+/)
        .filter(Boolean);
      const plain = names.map((name) => name.replace(/^https?:\/\//, "").replace(/:\d+$/, ""));
      site = {
        ...emptySite(),
        name: plain[0] ?? "",
        aliases: plain.slice(1),
        listen: names.map((name) => (name.startsWith("http://") || /:80$/.test(name) ? "*:80" : "*:443")),
        tls: !names.every((name) => name.startsWith("http://") || /:80$/.test(name)),
        isDefault: plain[0] === "",
        file: file.file,
        fromLine: at + 1,
      };
      sites.push(site);
    }
    const [directive = "", ...args] = line.split(/\s+/);
    const last = args.at(-1) ?? "";
    if (site && directive === "root") {
      site.roots.push(trimmedPath(last));
      site.documentRoot ||= trimmedPath(last);
    }
    if (site && directive === "php_fastcgi") site.fastCgi.push(last.replace(/^unix\/+/, "/"));
    if (site && directive === "reverse_proxy") site.handsOnTo.push(`http://${last}`);
    if (opens) depth++;
    if (line === "}") {
      depth--;
      if (depth === 0 && site) {
        site.toLine = at + 1;
        site = undefined;
      }
    }
  }
  return {
    kind: "caddy",
    version: /v?(\d[\d.]*)/.exec(version)?.[1] ?? "",
    mainFile: file.file,
    modules: [],
    variables: {},
    user: "caddy",
    group: "caddy",
    files: [file],
    sites,
    refused: "",
  };
}
