import type { ConfigFile, Site, WebServer } from "./webServerTypes";

/** A line of a configuration, and where it stands. */
export interface ConfigLine {
  file: string;
  /** From 1. */
  line: number;
  text: string;
}

/** A site as its configuration has it, secrets included: for the reader alone. */
export interface ParsedSite extends Site {
  /** Directories that it serves: document root, aliases, roots of locations. */
  roots: string[];
  /** Where it sends PHP by FastCGI: `/run/php/php8.2-fpm.sock` or `127.0.0.1:9000`. */
  fastCgi: string[];
  /** Variables that it gives to PHP. */
  environment: Record<string, string>;
  accessLogs: { path: string; format: string }[];
  /** `php_value` and the like. */
  phpValues: Record<string, string>;
  /** Hosts that it hands requests on to, such as `http://127.0.0.1:8080`. */
  handsOnTo: string[];
}

export interface ParsedServer
  extends Pick<WebServer, "kind" | "version" | "mainFile" | "modules" | "variables"> {
  /** The account that it runs as. */
  user: string;
  group: string;
  files: ConfigFile[];
  sites: ParsedSite[];
  /** Of PHP as a module of the server, such as `8.2`; empty for another version, undefined without the module. */
  phpModule?: string;
  /** What its own check of the configuration complains about; empty if it accepts it. */
  refused: string;
}

export function emptySite(): ParsedSite {
  return {
    name: "",
    aliases: [],
    listen: [],
    tls: false,
    isDefault: false,
    documentRoot: "",
    file: "",
    fromLine: 0,
    toLine: 0,
    roots: [],
    fastCgi: [],
    environment: {},
    accessLogs: [],
    phpValues: {},
    handsOnTo: [],
  };
}

/** A site without what only the reader needs. */
export function publicSite(site: ParsedSite): Site {
  const { name, aliases, listen, tls, isDefault, documentRoot, file, fromLine, toLine } = site;
  return { name, aliases, listen, tls, isDefault, documentRoot, file, fromLine, toLine };
}

/** A word of a configuration without its quotes. */
export const unquoted = (word: string): string => word.replace(/^(["'])(.*)\1$/, "$2");

/** A path without a slash at its end. */
export const trimmedPath = (path: string): string => (path === "/" ? path : path.replace(/\/+$/, ""));
