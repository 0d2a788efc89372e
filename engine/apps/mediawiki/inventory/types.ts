import type { Severity } from "../../../finding";
import type { Json, WebServer } from "./webServerTypes";

export type { ConfigFile, Json, Site, WebServer } from "./webServerTypes";

/**
 * One reading of blue's web host: what runs there and how. Plain JSON without secrets. `npm run inventory -- --json`
 * prints it, so fields may be added, and none renamed. All paths are absolute paths on that host; sizes are in bytes.
 */
export interface Inventory {
  /** UTC, ISO 8601. */
  readAt: string;
  host: HostFacts;
  mediawiki: MediaWikiFacts;
  php: PhpFacts;
  webServer: WebServer;
  database: DatabaseFacts;
  uploads: UploadFacts;
  /**
   * Every PHP file that the settings ran: LocalSettings.php, and what it and its includes include or require, without
   * MediaWiki's own code. In the order in which PHP read them.
   */
  includedFiles: IncludedFile[];
  programs: Program[];
  /** Families of the fonts that fontconfig finds, sorted; empty without fontconfig. */
  fonts: string[];
  jobs: Job[];
  mail: MailFacts;
  /** What stands in the way or is worth knowing, blocks first. */
  findings: InventoryFinding[];
}

export interface InventoryFinding {
  /** Stable code, such as `INVENTORY_INCLUDE_UNREADABLE`. */
  code: string;
  level: Exclude<Severity, "pass">;
  /** What was found, one sentence without the final full stop. */
  message: string;
  /** What to do. */
  remedy: string;
}

export interface HostFacts {
  /** As the host calls itself. */
  name: string;
  /** `ID` of os-release(5), such as `debian`. */
  os: string;
  /** `VERSION_CODENAME` or `VERSION_ID`, such as `bookworm`. */
  release: string;
  /** As `uname -m` prints it. */
  architecture: string;
  /** Such as `Europe/Berlin`; empty if unknown. */
  timezone: string;
  /** The user that read this. */
  user: string;
}

export interface MediaWikiFacts {
  /** Such as `1.39.17`. */
  version: string;
  /** The code's directory as the web server and the settings name it, with `index.php` and `maintenance/`. */
  directory: string;
  /** The same without symbolic links (`$IP` as PHP sees it). */
  realDirectory: string;
  /** The settings file that MediaWiki reads. */
  settingsFile: string;
  /** `$wgScriptPath`, such as `/w`; may be empty. */
  scriptPath: string;
  /** `$wgArticlePath`, such as `/wiki/$1`. */
  articlePath: string;
  /** `$wgServer`. */
  server: string;
  /** `$wgCanonicalServer`. */
  canonicalServer: string;
  /** Whether `$wgServer` follows the request's host name, so that it has no fixed value. */
  serverIsComputed: boolean;
  sitename: string;
  language: string;
  /** Whether people who are not logged in may read. */
  anonymousRead: boolean;
  /** Whether files are served by `img_auth.php`. */
  filesByScript: boolean;
  extensions: Component[];
  skins: Component[];
  /** Packages of `vendor/`, as composer recorded them. */
  composer: Package[];
  /**
   * Every setting (`$wg…`, and extensions' globals such as `$smwg…`) that differs from MediaWiki's default, and those
   * that the move needs in any case, by name without the dollar sign. A secret is `{"secret": FINGERPRINT}` or
   * `{"secret": ""}` where it is empty; what is no data, such as a closure, is `{"class": NAME}`; what is larger than
   * 16 kB is `{"sha256": HEX, "bytes": N}`.
   */
  settings: Record<string, Json>;
  /** Size of the code below `realDirectory`, without uploads, caches and `.git`. */
  code: CodeFacts;
  /** Other MediaWiki directories that were found on the host. */
  others: { directory: string; version: string }[];
}

export interface Component {
  name: string;
  /** As it states it; empty where it states none. */
  version: string;
  /** Its directory; empty where it is unknown, as for one that settings declare themselves. */
  directory: string;
  /** `extension.json`, `skin.json` or the PHP file that declares it; empty if unknown. */
  manifest: string;
}

export interface Package {
  name: string;
  version: string;
}

export interface CodeFacts {
  files: number;
  bytes: number;
  /** Whether the count ran out of time: there is at least that much. */
  atLeast: boolean;
  /** Symbolic links in the code that lead out of it. */
  linksOut: { path: string; target: string }[];
}

export interface IncludedFile {
  path: string;
  /** Without symbolic links. */
  realPath: string;
  bytes: number;
  /** Whether it lies below MediaWiki's directory. */
  inside: boolean;
}

/** PHP as the web server runs it, which has settings and modules of its own. */
export interface PhpFacts {
  /** Such as `8.2.29`. */
  version: string;
  /** `apache2handler`, `fpm-fcgi`, `cgi-fcgi`; `cli` where the web server's could not be found out. */
  sapi: string;
  /** Names in lower case, sorted, as `php -m` prints them. */
  modules: string[];
  /** Values by name, as php.ini has them: those of `phpLimits`, and every one that differs from PHP's default. */
  limits: Record<string, string>;
  /** The files that it reads, in order. */
  iniFiles: string[];
  /** Of PHP on the command line, which runs maintenance and jobs. */
  cli: { version: string; modules: string[] };
  /** How the web server reaches PHP; unset for `apache2handler`. */
  fpm?: FpmPool;
}

export interface FpmPool {
  name: string;
  file: string;
  listen: string;
  user: string;
  group: string;
  /** The pool's directives by name, such as `pm.max_children`; secrets left out. */
  directives: Record<string, string>;
}

export interface DatabaseFacts {
  /** `$wgDBtype`: `mysql` for MariaDB too. */
  type: string;
  /** As the server states it, such as `10.11.14-MariaDB-0+deb12u2`; empty if it could not be asked. */
  version: string;
  /** Host name or address as the settings have it (`$wgDBserver`); `localhost` means its socket. */
  server: string;
  /** Defaults to 3306. */
  port: number;
  /** The socket that PHP connects to; empty for TCP. */
  socket: string;
  /** As the server calls itself (`@@hostname`); empty if it could not be asked. */
  hostname: string;
  /** `$wgDBname`. */
  name: string;
  /** `$wgDBuser`. */
  user: string;
  /** `$wgDBprefix`. */
  prefix: string;
  /** Databases that the wiki's account can see. */
  databases: {
    name: string;
    bytes: number;
    /** Whether the move takes it: the wiki's own. */
    moves: boolean;
    /** The settings that name it, such as `wgSharedDB`. */
    namedBy: string[];
  }[];
}

export interface UploadFacts {
  /** `$wgUploadDirectory`. */
  directory: string;
  realDirectory: string;
  /** `$wgUploadPath`. */
  path: string;
  /** `$wgEnableUploads`. */
  enabled: boolean;
  /** Files without thumbnails and temporary ones. */
  files: number;
  bytes: number;
  /** Whether the count ran out of time: there is at least that much. */
  atLeast: boolean;
  /** Number of rows of the table `image`; -1 if it could not be asked. */
  recorded: number;
  /** Owner and mode of the directory, such as `www-data:www-data 755`. */
  owner: string;
  /** What the directory is mounted from, such as `upload.example.org:/srv/uploads`; empty for a local disk. */
  mount: string;
  /** Symbolic links in it, `directory` itself included. */
  links: { path: string; target: string }[];
  /** Of `$wgFileBackends` and the local repository. */
  backends: { name: string; class: string; local: boolean }[];
}

/** A program that settings name, or that an extension starts. */
export interface Program {
  /** Short name, such as `imagemagick`, `diff3`, `lua`. */
  name: string;
  /** The setting that names it, such as `wgImageMagickConvertCommand`. */
  setting: string;
  /** As the setting has it. */
  path: string;
  /** Whether the web server could start it. */
  exists: boolean;
  /** Whether the wiki's settings make use of it. */
  used: boolean;
}

/** What runs MediaWiki's maintenance scripts on its own. */
export interface Job {
  kind: "cron" | "timer" | "service" | "process";
  /** Crontab file, unit name or process. */
  source: string;
  /** Line in the file, from 1; 0 where there is none. */
  line: number;
  /** As cron or the timer has it; empty for a service. */
  schedule: string;
  user: string;
  command: string;
  /** Whether it runs `runJobs.php` or a job runner. */
  runsJobs: boolean;
  active: boolean;
}

export interface MailFacts {
  /** `$wgEnableEmail`. */
  enabled: boolean;
  /** `smtp` if `$wgSMTP` is set. */
  transport: "smtp" | "sendmail";
  /** Host and port of `$wgSMTP`; empty for sendmail. */
  smtp: string;
  /** `sendmail_path` of the web server's PHP. */
  sendmailPath: string;
  /** Whether that program exists. */
  sendmailExists: boolean;
}
