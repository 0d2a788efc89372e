import { posix } from "node:path";
import type { Site, WebServer } from "../inventory/types";
import { matchesGlob } from "./glob";
import { carried, decidedByGreen, fileArguments, isTls, tables, whyNot } from "./nginxDirectives";
import { type NginxDirective, parseNginx } from "./nginxSyntax";
import type { GreenSite, NotCarried } from "./types";

type Input = Pick<WebServer, "mainFile" | "sites" | "site" | "configuration">;

/** Where PHP-FPM listens in green's container. */
const fpm = "unix:/tmp/wikiferry/fpm.sock";

/**
 * Makes green's site from blue's nginx: what holds for all of `http`, then the `server` that serves the wiki. What is
 * about listening, TLS, logs, processes and PHP's socket is green's own.
 */
export function nginxSite(input: Input): GreenSite {
  const carrier = new Carrier(input);
  const site = input.sites[input.site];
  const http = carrier.read(input.mainFile).filter(({ name }) => name === "http");
  const lines = http.flatMap(({ children = [] }) =>
    children.flatMap((directive) => {
      if (directive.name !== "server") return carrier.lines([directive], "");
      return site && isSite(directive, site) ? carrier.server(directive) : [];
    }),
  );
  return {
    server: "nginx",
    php: "fpm",
    text: `${lines.join("\n")}\n`,
    notCarried: carrier.notCarried,
    files: [...carrier.files].sort(),
  };
}

function isSite({ file, line }: NginxDirective, site: Site): boolean {
  return file === site.file && line >= site.fromLine && line <= site.toLine;
}

class Carrier {
  readonly notCarried: NotCarried[] = [];
  readonly files = new Set<string>();
  private readonly reading: string[] = [];

  constructor(private readonly input: Input) {}

  /** A file's directives, those of the files that it includes in their place. */
  read(file: string): NginxDirective[] {
    const found = this.input.configuration.find((one) => one.file === file);
    // A file that includes itself would never end.
    if (!found || this.reading.includes(file)) return [];
    this.reading.push(file);
    const directives = this.resolve(parseNginx(found.file, found.text));
    this.reading.pop();
    return directives;
  }

  private resolve(directives: NginxDirective[]): NginxDirective[] {
    return directives.flatMap((directive) => {
      if (directive.name === "include") return this.included(directive.args[0] ?? "");
      return directive.children
        ? [{ ...directive, children: this.resolve(directive.children) }]
        : [directive];
    });
  }

  private included(pattern: string): NginxDirective[] {
    // A relative path begins at the main file's directory, wherever it is written.
    const path = posix.resolve(posix.dirname(this.input.mainFile), pattern);
    return this.input.configuration
      .map(({ file }) => file)
      .filter((file) => matchesGlob(path, file))
      .sort()
      .flatMap((file) => this.read(file));
  }

  server({ children = [] }: NginxDirective): string[] {
    return [
      "server {",
      "  listen 8080 default_server;",
      // The gate's check.
      "  location = /health { access_log off; alias /srv/health/health.txt; default_type text/plain; }",
      ...this.lines(children, "  "),
      "}",
    ];
  }

  lines(directives: NginxDirective[], indent: string): string[] {
    return directives.flatMap((directive) => {
      const { name, children } = directive;
      if (name === "fastcgi_pass") return [`${indent}fastcgi_pass ${fpm};`];
      if (decidedByGreen.has(name) || isTls(name)) return [];
      // PHP's own: green has its socket.
      if (name === "upstream" && isPhpUpstream(directive)) return [];
      if (!carried.has(name)) return this.refuse(directive, whyNot(name));
      if (fileArguments.has(name) && directive.args[0] && directive.args[0] !== "off")
        this.files.add(directive.args[0]);
      const words = [name, ...directive.raw.map((word) => behindTls(word))].join(" ");
      if (!children) return [`${indent}${words};`];
      const inner = tables.has(name) ? table(children, `${indent}  `) : this.lines(children, `${indent}  `);
      return [`${indent}${words} {`, ...inner, `${indent}}`];
    });
  }

  private refuse({ file, line, name, raw, children }: NginxDirective, why: string): string[] {
    this.notCarried.push({
      file,
      line,
      directive: [name, ...raw, ...(children ? ["{…}"] : [])].join(" "),
      why,
    });
    return [];
  }
}

function table(rows: NginxDirective[], indent: string): string[] {
  return rows.map(
    ({ name, raw }) => `${indent}${[quoted(name), ...raw.map((word) => behindTls(word))].join(" ")};`,
  );
}

/** The first word of a row may be anything, such as a regular expression with blanks or an empty text. */
function quoted(word: string): string {
  return /^[^\s;{}"'\\]+$/.test(word) ? word : `"${word.replace(/(["\\])/g, "\\$1")}"`;
}

function isPhpUpstream({ args, children = [] }: NginxDirective): boolean {
  const servers = children.filter(({ name }) => name === "server");
  return (
    /php|fpm|fastcgi/i.test(args[0] ?? "") ||
    servers.every((server) => /php|fpm|^unix:|:90\d\d$/.test(server.args[0] ?? ""))
  );
}

/**
 * TLS ends before green, so what a rule asks of the connection is what the gate says of the client's (`nginx.conf` sets
 * these variables from X-Forwarded-Proto).
 */
function behindTls(word: string): string {
  return word
    .replace(/\$(\{https\}|https\b)/g, "$wf_https")
    .replace(/\$(\{scheme\}|scheme\b)/g, "$wf_scheme")
    .replace(/\$(\{server_port\}|server_port\b)/g, "$wf_port");
}
