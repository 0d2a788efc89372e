import type { PutFile } from "../../../../../common/putFiles";
import type { Suite } from "../../../../../setup/debian";
import type { WorldSecrets } from "../secrets";

/** What settings are written for. */
export interface SettingsInput {
  databaseHost: string;
  database: string;
  /** `$wgDBprefix` */
  prefix: string;
  /** `$wgServer` */
  serverUrl: string;
  /** Where the gate's requests will come from, as its owner tells MediaWiki before the move. */
  gateNetwork: string;
  secrets: WorldSecrets;
}

/** A page that the generator of content does not make. */
export interface SitePage {
  title: string;
  text: string;
  /** Content model. Defaults to `wikitext`. */
  model?: "Scribunto";
  /** What a browser is given with it, where extensions and programs do their work. HTML. */
  shows?: string;
}

/** How the old site's wiki was set up: one of each release of Debian. */
export interface Site {
  suite: Suite;
  /** MediaWiki's branch, and PHP's. */
  mediawiki: string;
  php: string;
  /** As the `Server` header names it. */
  webServer: "Apache" | "nginx";
  sitename: string;
  /** `$wgMetaNamespace`, with underscores. */
  metaNamespace: string;
  language: string;
  /** Title of the main page. */
  mainPage: string;
  /** `$wgScriptPath` */
  scriptPath: string;
  /** `$wgArticlePath` */
  articlePath: string;
  /** `$wgUploadPath` */
  uploadPath: string;
  /** Only accounts may read. */
  private: boolean;
  /** Default of `$wgDBprefix`. */
  prefix: string;
  /** Where MediaWiki's maintenance scripts are, where LocalSettings.php is, and where uploads are on the web host. */
  directories: { mediawiki: string; settings: string; uploads: string };
  /** Names after `--extensions=`: whose tables the installer makes. */
  extensions: string;
  /** LocalSettings.php and what it includes. */
  settings(input: SettingsInput): PutFile[];
  /** Shell text: runs as root on the web host before MediaWiki is installed. */
  prepare?: string;
  /** Shell text: runs in the folder of files to be uploaded. */
  moreFiles?: string;
  pages: readonly SitePage[];
  /** What people ask for besides pages: paths of what the web server itself answers. */
  addresses: readonly string[];
}

/** A maintenance script's command line. From 1.40 on, run.php starts it: https://www.mediawiki.org/wiki/Manual:Run.php */
export function maintenanceOf({ mediawiki, directories }: Site, script: string): string {
  const folder = `${directories.mediawiki}/maintenance`;
  const [, minor = 0] = mediawiki.split(".").map(Number);
  return minor >= 40 ? `php ${folder}/run.php ${script}` : `php ${folder}/${script}.php`;
}

/** Rights that editors need for their work, as PHP text. */
export const editorRights = `$wgGroupPermissions['robot']['bot'] = true;
$wgGroupPermissions['robot']['noratelimit'] = true;
$wgGroupPermissions['robot']['autoconfirmed'] = true;
$wgGroupPermissions['robot']['autopatrol'] = true;
$wgGroupPermissions['robot']['apihighlimits'] = true;
$wgGroupPermissions['robot']['movefile'] = true;
$wgGroupPermissions['robot']['reupload'] = true;
$wgGroupPermissions['robot']['suppressredirect'] = true;
$wgGroupPermissions['sysop']['bigdelete'] = true;
$wgPasswordAttemptThrottle = false;
$wgRCMaxAge = 90 * 86400;
$wgAllowUserCss = true;
`;

/** Owner of settings: the web server's account may read them, nobody else. */
export const settingsFile = (path: string, content: string): PutFile => ({
  path,
  content,
  uid: 33,
  mode: 0o440,
});
