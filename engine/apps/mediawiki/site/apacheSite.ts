import { posix } from "node:path";
import type { ConfigFile, Site, WebServer } from "../inventory/types";
import { carriedBy, decidedByGreen, fileArguments, isTls, sections, whyNot } from "./apacheDirectives";
import { type ApacheDirective, parseApache } from "./apacheSyntax";
import { matchesGlob } from "./glob";
import type { GreenSite, NotCarried } from "./types";

/** Handlers by which Apache runs PHP, in itself or by FPM: green says how it does. */
const phpHandler =
  /^(application\/x-httpd-(ea-)?php\S*|php\d?(-script|-fpm)?|proxy:(unix:|fcgi:|balancer:)\S*|fcgid-script)$/i;

/** The gate's check, answered before any rule of blue's. */
const health = ["  RewriteEngine On", "  RewriteRule ^/health$ /srv/health/health.txt [END]"];

type Input = Pick<WebServer, "mainFile" | "modules" | "variables" | "sites" | "site" | "configuration">;

/**
 * Makes green's site from blue's Apache: the server's own settings, then those of the virtual host that serves the wiki.
 * What is about listening, TLS, logs, processes and accounts is green's own.
 * @param php How PHP runs on blue.
 */
export function apacheSite(input: Input, php: GreenSite["php"]): GreenSite {
  const site = input.sites[input.site];
  const carrier = new Carrier(input, php, site);
  const main = carrier.read(input.mainFile);
  const inSite: string[] = [];
  const globals = carrier.lines(main, "", (section) => {
    if (site && isSite(section, site)) inSite.push(...carrier.lines(section.children ?? [], "  "));
  });
  const text = [
    ...globals,
    ...(site ? ["<VirtualHost *:8080>", ...health, ...inSite, "</VirtualHost>"] : []),
    "",
  ].join("\n");
  return { server: "apache", php, text, notCarried: carrier.notCarried, files: [...carrier.files].sort() };
}

/** Modules of blue's that green loads: those with directives that are carried, and what Apache needs to serve at all. */
export function apacheModules(blue: readonly string[]): string[] {
  const known = Object.keys(carriedBy).filter((name) => name !== "core" && name !== "php_module");
  const needed = ["authz_core", "authz_host", "dir", "mime", "alias", "env", "setenvif", "rewrite"].map(
    (name) => `${name}_module`,
  );
  return [...new Set([...known.filter((name) => blue.includes(name)), ...needed])].sort();
}

function isSite({ name, file, line }: ApacheDirective, site: Site): boolean {
  return (
    name.toLowerCase() === "virtualhost" && file === site.file && line >= site.fromLine && line <= site.toLine
  );
}

class Carrier {
  readonly notCarried: NotCarried[] = [];
  readonly files = new Set<string>();
  private readonly reading: string[] = [];

  constructor(
    private readonly input: Input,
    private readonly php: GreenSite["php"],
    private readonly site: Site | undefined,
  ) {}

  /** A file's directives, those of the files that it includes in their place. */
  read(file: string): ApacheDirective[] {
    const found = this.input.configuration.find((one) => one.file === file);
    // A file that includes itself would never end.
    if (!found || this.reading.includes(file)) return [];
    this.reading.push(file);
    const directives = this.resolve(parseApache(found.file, found.text));
    this.reading.pop();
    return directives;
  }

  private resolve(directives: ApacheDirective[]): ApacheDirective[] {
    return directives.flatMap((directive) => {
      const name = directive.name.toLowerCase();
      if (name === "include" || name === "includeoptional")
        return this.included(directive.args[0] ?? "").flatMap(({ file }) => this.read(file));
      const { children } = directive;
      if (!children) return [directive];
      const inner = () => this.resolve(children);
      if (name === "ifmodule") return this.hasModule(directive.args[0] ?? "") ? inner() : [];
      if (name === "ifdefine") return this.isDefined(directive.args[0] ?? "") ? inner() : [];
      // All of Apache 2.4 knows what 2.4 knows, and a section of before does not apply.
      if (name === "ifversion") return versionHolds(directive.args) ? inner() : [];
      if (name === "iffile") return inner();
      return [{ ...directive, children: inner() }];
    });
  }

  private included(pattern: string): ConfigFile[] {
    const root = posix.dirname(this.input.mainFile);
    const path = posix.resolve(this.serverRoot() ?? root, this.expand(pattern));
    return this.input.configuration
      .filter(({ file }) => matchesGlob(path, file) || posix.dirname(file) === path)
      .sort((a, b) => (a.file < b.file ? -1 : 1));
  }

  private serverRoot(): string | undefined {
    const main = this.input.configuration.find(({ file }) => file === this.input.mainFile);
    return (
      main &&
      parseApache(main.file, main.text).find(({ name }) => name.toLowerCase() === "serverroot")?.args[0]
    );
  }

  private hasModule(argument: string): boolean {
    const wanted = argument.replace(/^!/, "").toLowerCase();
    const normal = (name: string) => name.replace(/^mod_(.*)\.c$/, "$1_module");
    const there = this.input.modules.some((name) => normal(name.toLowerCase()) === normal(wanted));
    return argument.startsWith("!") ? !there : there;
  }

  private isDefined(argument: string): boolean {
    const there = argument.replace(/^!/, "") in this.input.variables;
    return argument.startsWith("!") ? !there : there;
  }

  /** Variables of the server (`${NAME}`) by their values on blue. */
  private expand(text: string): string {
    return text.replace(
      /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g,
      (whole, name: string) => this.input.variables[name] ?? whole,
    );
  }

  /**
   * The lines that say the same on green.
   * @param onHost Told of each virtual host, which never goes over by itself.
   */
  lines(
    directives: ApacheDirective[],
    indent: string,
    onHost?: (section: ApacheDirective) => void,
  ): string[] {
    return directives.flatMap((directive) => {
      const name = directive.name.toLowerCase();
      if (name === "virtualhost") {
        onHost?.(directive);
        return [];
      }
      if (name === "macro") return this.refuse(directive, "green does not know macros");
      if (decidedByGreen.has(name) || isTls(name)) return [];
      if (directive.children) return this.section(directive, name, indent);
      return this.plain(directive, name, indent);
    });
  }

  private section(directive: ApacheDirective, name: string, indent: string): string[] {
    const { children = [] } = directive;
    if (name === "proxy" && this.php === "fpm" && children.length === 0) return [];
    if (!sections.has(name)) return this.refuse(directive, whyNot(name));
    const inner = this.lines(children, `${indent}  `);
    // A section that says nothing any more, such as one that only had PHP's handler.
    if (inner.length === 0 && children.length > 0) return [];
    const argument = behindTls(name, this.expand(directive.rest));
    return [
      `${indent}<${directive.name}${argument && ` ${argument}`}>`,
      ...inner,
      `${indent}</${directive.name}>`,
    ];
  }

  private plain(directive: ApacheDirective, name: string, indent: string): string[] {
    if (this.isPhpHandler(directive, name)) return [];
    const module = Object.entries(carriedBy).find(([, names]) => names.has(name))?.[0];
    if (!module) {
      if (/^proxypass(match)?$/.test(name) && /\bfcgi:|\bunix:/.test(directive.rest)) return [];
      return this.refuse(directive, whyNot(name));
    }
    if (module === "php_module" && this.php === "fpm") return this.refuse(directive, "only mod_php knows it");
    if (name === "rewritemap" && /^(prg|dbd|fastdbd):/.test(directive.args[1] ?? ""))
      return this.refuse(directive, "green runs no programs for requests but PHP");
    if (fileArguments.has(name) && directive.args[0]) this.files.add(this.expand(directive.args[0]));
    if (name === "rewritemap") this.mapFile(directive.args[1] ?? "");
    if (name === "typesconfig") return [];
    if (name === "servername" && this.site?.tls && indent !== "")
      // With the scheme, Apache's own redirects lead to https although it is asked by http.
      return [`${indent}ServerName https://${hostOf(directive.args[0] ?? "")}:443`];
    const argument = behindTls(name, this.expand(directive.rest));
    return [`${indent}${directive.name}${argument && ` ${argument}`}`];
  }

  private isPhpHandler({ args }: ApacheDirective, name: string): boolean {
    if (name === "sethandler") return phpHandler.test(args[0] ?? "");
    if (name === "addhandler" || name === "addtype") return phpHandler.test(args[0] ?? "");
    return false;
  }

  private mapFile(source: string): void {
    const path = /^(?:txt|rnd|dbm(?:=\w+)?):(.+)$/.exec(source)?.[1];
    if (path) this.files.add(this.expand(path));
  }

  private refuse({ file, line, name, rest, children }: ApacheDirective, why: string): string[] {
    const text = children ? `<${name} ${rest}>` : `${name} ${rest}`;
    this.notCarried.push({ file, line, directive: this.expand(text).trim(), why });
    return [];
  }
}

/** `<IfVersion>`'s arguments: an optional operator and a version. Green has Apache 2.4. */
function versionHolds(args: string[]): boolean {
  const [first = "", second] = args;
  const operator = second === undefined ? "=" : first;
  const version = (second ?? first).split(".").map(Number);
  const wanted = (version[0] ?? 0) * 1000 + (version[1] ?? 0);
  const ours = 2004;
  const holds: Record<string, boolean> = {
    "=": ours === wanted,
    "==": ours === wanted,
    ">": ours > wanted,
    ">=": ours >= wanted,
    "<": ours < wanted,
    "<=": ours <= wanted,
  };
  const negated = operator.startsWith("!");
  const answer = holds[operator.replace(/^!/, "") || "="] ?? false;
  return negated ? !answer : answer;
}

const asksOfConnection = /^(rewrite|if$|elseif$|redirectmatch$|header$|requestheader$)/;

/**
 * TLS ends before green, so what a rule asks of the connection is what the gate says of the client's
 * (`httpd.conf` sets these variables from X-Forwarded-Proto).
 */
function behindTls(name: string, argument: string): string {
  if (!asksOfConnection.test(name)) return argument;
  return argument
    .replaceAll("%{HTTPS}", "%{ENV:WF_HTTPS}")
    .replaceAll("%{REQUEST_SCHEME}", "%{ENV:WF_SCHEME}")
    .replaceAll("%{SERVER_PORT}", "%{ENV:WF_PORT}");
}

/** A host name without scheme and port. */
function hostOf(name: string): string {
  return name.replace(/^https?:\/\//, "").replace(/:\d+$/, "");
}
