/** What JSON can hold. */
export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** Blue's web server and its configuration. */
export interface WebServer {
  kind: "apache" | "nginx" | "caddy" | "lighttpd" | "unknown";
  /** Such as `2.4.65`; empty if unknown. */
  version: string;
  /** Its configuration as a whole: the main file, such as `/etc/apache2/apache2.conf`. */
  mainFile: string;
  /** The account that runs PHP: Apache's, or the FPM pool's. */
  user: { name: string; uid: number; group: string; gid: number };
  /** Modules in effect: Apache's `DUMP_MODULES` (`rewrite_module`), nginx's `--with-…` and dynamic ones. */
  modules: string[];
  /** Names defined for `<IfDefine>`, and variables such as `APACHE_LOG_DIR`, by name; secrets left out. */
  variables: Record<string, string>;
  /** The document root of the site that serves the wiki. */
  documentRoot: string;
  /** Every site of the server. */
  sites: Site[];
  /** Position in `sites` of the one that serves the wiki; -1 if unknown. */
  site: number;
  /**
   * Every file that the server reads, in its order. Line N of a text is line N of the file. In place of a secret, such
   * as the value of `SetEnv DB_PASSWORD`, stands `<secret>`.
   */
  configuration: ConfigFile[];
  /** `.htaccess` files of the document root and MediaWiki's directory that Apache reads, outermost first. */
  htaccess: ConfigFile[];
  /** Of the site that serves the wiki. */
  accessLogs: AccessLog[];
}

export interface ConfigFile {
  file: string;
  text: string;
}

/** A virtual host or nginx's `server`. */
export interface Site {
  /** Its first name; empty for one without. */
  name: string;
  aliases: string[];
  /** Such as `*:443` or `[::]:80`, as the server has them. */
  listen: string[];
  tls: boolean;
  /** Whether it answers names that no other site has, on one of its ports. */
  isDefault: boolean;
  documentRoot: string;
  /** Where it is declared. */
  file: string;
  /** Lines of that file, from 1, both inclusive. */
  fromLine: number;
  toLine: number;
}

export interface AccessLog {
  path: string;
  /** The format's text or name, as the configuration has it; empty for the server's default. */
  format: string;
  bytes: number;
  readable: boolean;
  /** Older files of the same log, newest first, compressed ones too. */
  rotated: string[];
}
