import { createHash } from "node:crypto";
import { block, type Finding, findingOf, pass, warn } from "../../finding";
import type { MoveSpec } from "../../move";
import type { SshPool } from "../../runtime/ssh/pool";
import { sessionStore } from "./sessions";
import { readSettings, type WikiSettings } from "./settings";
import type { SiteInfo } from "./siteInfo";
import { anonymousReadFinding } from "./wayIn";

/** Green's settings, to be compared with blue's. */
export interface Expected {
  wiki: Pick<MoveSpec["wiki"], "database" | "tablePrefix" | "appUser" | "serverUrl" | "uploadPath">;
  /** `$wgSecretKey` as it is in the stack's config. */
  secretKey: string;
  /** Green's settings that are not part of the move's description; compared if given. */
  identity?: {
    /** `$wgCookiePrefix`; empty is MediaWiki's default. */
    cookiePrefix: string;
    /** `$wgSessionName`; empty is MediaWiki's default. */
    sessionName: string;
    /** `$wgAuthenticationTokenVersion`; empty is MediaWiki's default. */
    authenticationTokenVersion: string;
    /** `$wgHashedUploadDirectory` */
    hashedUploads: boolean;
  };
  /** What green's MediaWiki reports; undefined before it exists. */
  green?: SiteInfo;
}

/** Reads blue's settings by SSH and reports what stands in the way. Never writes. */
export async function webPreflight(
  blue: MoveSpec["blue"]["web"],
  expected: Expected,
  pool: SshPool,
): Promise<Finding[]> {
  try {
    return judgeSettings(await readSettings(blue.ssh, blue.mediawikiDirectory, pool), expected);
  } catch (error) {
    return [findingOf(error)];
  }
}

/** The findings for settings that were read. */
export function judgeSettings(blue: WikiSettings, expected: Expected): Finding[] {
  const { wiki } = expected;
  return [
    sameSecretKey(blue, expected.secretKey),
    same("APP_SERVER_URL", "$wgServer", blue.wgServer, "wiki.serverUrl", wiki.serverUrl),
    same(
      "APP_DATABASE",
      "$wgDBname, $wgDBprefix and $wgDBuser",
      `${blue.wgDBname} ${blue.wgDBprefix} ${blue.wgDBuser}`,
      "wiki.database, wiki.tablePrefix and wiki.appUser",
      `${wiki.database} ${wiki.tablePrefix} ${wiki.appUser}`,
    ),
    anonymousReadFinding(blue.anonymousRead),
    uploadPath(blue, wiki.uploadPath),
    fileBackend(blue),
    ...identity(blue, expected),
    version(blue, expected.green),
    sessions(blue),
    jobRunRate(blue),
    jobQueue(blue),
    readOnly(blue),
    readOnlyFile(blue),
  ];
}

function same(code: string, what: string, onBlue: string, key: string, wanted: string): Finding {
  if (onBlue === wanted) return pass(code, `${what}: ${onBlue.trim()} on both sides`);
  return block(
    code,
    `blue has ${what} "${onBlue}", the config has ${key} "${wanted}"`,
    `Set ${key} to what blue has: with another value people are logged out or pages point to the wrong place`,
  );
}

/** Green's web server serves files itself. It can't serve what MediaWiki decides about file by file. */
function uploadPath({ wgUploadPath }: WikiSettings, wanted: string): Finding {
  const code = "APP_UPLOAD_PATH";
  if (!/\.php(\/|$)/.test(wgUploadPath))
    return same(code, "$wgUploadPath", wgUploadPath, "wiki.uploadPath", wanted);
  return block(
    code,
    `blue hands its uploads out by a script ($wgUploadPath "${wgUploadPath}"), which asks who may see a file`,
    "Leave this wiki where it is: green does not take over who may see which file yet",
  );
}

/** Files in an object store have no directory that could be copied. MediaWiki 1.43 has the class in a namespace. */
function fileBackend(blue: WikiSettings): Finding {
  const code = "APP_FILE_BACKEND";
  const backend = blue.fileBackend.split("\\").at(-1) ?? "";
  if (backend === "FSFileBackend") return pass(code, "uploads lie in a directory");
  if (backend === "") return pass(code, "blue does not tell where its uploads lie");
  return block(
    code,
    `blue keeps its uploads in ${backend} ($wgFileBackends, $wgLocalFileRepo), not in a directory`,
    "Move them into a directory on blue first (maintenance/copyFileBackend.php), or leave this wiki where it is: uploads in an object store are not carried",
  );
}

function sameSecretKey(blue: WikiSettings, secretKey: string): Finding {
  const code = "APP_SECRET_KEY";
  if (createHash("sha256").update(secretKey).digest("hex") === blue.secretKeyHash)
    return pass(code, "$wgSecretKey is the same on both sides");
  return block(
    code,
    "$wgSecretKey in the config is not blue's",
    "Set the config's secret wiki.secretKey to the value in blue's LocalSettings.php: with a different one everyone is logged out",
  );
}

function identity(blue: WikiSettings, { identity, wiki }: Expected): Finding[] {
  if (!identity) return [];
  const prefixOf = (prefix: string | false, database: string, tables: string) =>
    prefix || (tables ? `${database}_${tables}` : database);
  const bluePrefix = prefixOf(blue.wgCookiePrefix, blue.wgDBname, blue.wgDBprefix);
  const greenPrefix = prefixOf(identity.cookiePrefix || false, wiki.database, wiki.tablePrefix);
  return [
    same("APP_COOKIE_PREFIX", "$wgCookiePrefix", bluePrefix, "wiki.cookiePrefix", greenPrefix),
    same(
      "APP_SESSION_NAME",
      "$wgSessionName",
      blue.wgSessionName || `${bluePrefix}_session`,
      "wiki.sessionName",
      identity.sessionName || `${greenPrefix}_session`,
    ),
    same(
      "APP_TOKEN_VERSION",
      "$wgAuthenticationTokenVersion",
      blue.wgAuthenticationTokenVersion ?? "",
      "wiki.authenticationTokenVersion",
      identity.authenticationTokenVersion,
    ),
    same(
      "APP_HASHED_UPLOADS",
      "$wgHashedUploadDirectory",
      String(blue.wgHashedUploadDirectory),
      "wiki.hashedUploads",
      String(identity.hashedUploads),
    ),
  ];
}

function version(blue: WikiSettings, green: SiteInfo | undefined): Finding {
  const code = "APP_VERSION";
  const branch = (text: string) => text.split(".").slice(0, 2).join(".");
  if (branch(blue.version) !== "1.39") {
    return block(
      code,
      `blue runs MediaWiki ${blue.version}, green is made for 1.39`,
      "Upgrade blue to 1.39 first: the version must be the same on both sides while the wiki moves",
    );
  }
  if (green && branch(green.version) !== branch(blue.version)) {
    return block(
      code,
      `blue runs MediaWiki ${blue.version}, green ${green.version}`,
      "Give green an image of blue's version. Upgrade separately, after the move",
    );
  }
  if (green && green.version !== blue.version) {
    return pass(
      code,
      `blue runs MediaWiki ${blue.version}, green ${green.version}: patch releases of one branch share their database layout`,
    );
  }
  return pass(code, `MediaWiki ${blue.version}${green ? " on both sides" : ""}`);
}

function sessions(blue: WikiSettings): Finding {
  const store = sessionStore(blue);
  if (store === "database") return pass("APP_SESSIONS", "sessions live in the database and move with it");
  return block(
    "APP_SESSIONS",
    `blue keeps sessions in ${store} ($wgSessionCacheType ${JSON.stringify(blue.wgSessionCacheType)}), which does not move: everyone would be logged out`,
    'Set $wgSessionCacheType = CACHE_DB; in blue\'s LocalSettings.php some hours before the move. People who are logged in now, without "keep me logged in", log in once more',
  );
}

function jobRunRate(blue: WikiSettings): Finding {
  const code = "APP_JOB_RUN_RATE";
  if (blue.wgJobRunRate === 0) return pass(code, "jobs run as a service, not within page views");
  return warn(
    code,
    `blue runs jobs within page views ($wgJobRunRate ${blue.wgJobRunRate})`,
    "Set $wgJobRunRate = 0; on blue and run maintenance/runJobs.php from cron, so that the cutover can stop jobs; a job caught by the fence is tried again otherwise",
  );
}

function jobQueue(blue: WikiSettings): Finding {
  const code = "APP_JOB_QUEUE";
  if (blue.wgJobTypeClass === "JobQueueDB" || blue.wgJobTypeClass === "")
    return pass(code, "jobs live in the database and move with it");
  return block(
    code,
    `blue keeps its jobs in ${blue.wgJobTypeClass}, which does not move`,
    "Let the queue run empty and set $wgJobTypeConf['default'] back to JobQueueDB on blue",
  );
}

function readOnly(blue: WikiSettings): Finding {
  const code = "APP_READ_ONLY";
  if (!blue.wgReadOnly) return pass(code, "blue takes edits");
  return warn(
    code,
    `blue is read-only by $wgReadOnly ("${blue.wgReadOnly}")`,
    "Nothing is lost. Remove it from LocalSettings.php if it is not intended",
  );
}

function readOnlyFile(blue: WikiSettings): Finding {
  const code = "APP_READ_ONLY_FILE";
  const file = blue.wgReadOnlyFile;
  const inside = typeof file === "string" && file.startsWith(`${blue.wgUploadDirectory}/`);
  const name = inside ? (file as string).slice(blue.wgUploadDirectory.length + 1) : "";
  if (!inside || name === "lock_yBgMBwiR") {
    return pass(code, "a read-only notice on blue does not reach green with the uploads");
  }
  return warn(
    code,
    `$wgReadOnlyFile is ${name} inside blue's upload directory, from where it would be copied`,
    "Don't create that file while the wiki moves, or set $wgReadOnlyFile to a path elsewhere",
  );
}
