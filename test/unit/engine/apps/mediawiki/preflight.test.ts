import { createHash } from "node:crypto";
import { type Expected, judgeSettings } from "../../../../../engine/apps/mediawiki/preflight";
import { sessionStore } from "../../../../../engine/apps/mediawiki/sessions";
import type { WikiSettings } from "../../../../../engine/apps/mediawiki/settings";

const settings: WikiSettings = {
  version: "1.39.17",
  phpVersion: "8.2.29",
  secretKeyHash: createHash("sha256").update("key").digest("hex"),
  wgServer: "https://wiki.example.org",
  wgDBname: "wikidb",
  wgDBprefix: "mw_",
  wgDBuser: "wikiuser",
  wgCookiePrefix: "wikidb_mw_",
  wgSessionName: false,
  wgAuthenticationTokenVersion: null,
  wgSessionCacheType: 1,
  wgMainCacheType: 3,
  wgMessageCacheType: -1,
  wgParserCacheType: -1,
  wgHashedUploadDirectory: true,
  wgUploadPath: "/images",
  wgUploadDirectory: "/var/lib/mediawiki/images",
  fileBackend: "FSFileBackend",
  wgReadOnly: null,
  wgReadOnlyFile: "/var/lib/mediawiki/images/lock_yBgMBwiR",
  wgJobRunRate: 0,
  wgJobTypeClass: "JobQueueDB",
  anonymousRead: true,
  sessionPages: ["special:userlogin"],
  cacheClasses: { redis: "RedisBagOStuff", mysql: "Wikimedia\\SqlBagOStuff", apcu: "APCUBagOStuff" },
};
const expected: Expected = {
  wiki: {
    database: "wikidb",
    tablePrefix: "mw_",
    appUser: "wikiuser",
    serverUrl: "https://wiki.example.org",
    uploadPath: "/images",
  },
  secretKey: "key",
  identity: { cookiePrefix: "", sessionName: "", authenticationTokenVersion: "", hashedUploads: true },
  green: { version: "1.39.17", readOnly: false, readOnlyReason: "", anonymousRead: true },
};

test("a correct blue wiki passes everywhere", () => {
  const findings = judgeSettings(settings, expected);
  expect(findings.filter((finding) => finding.severity !== "pass")).toEqual([]);
  expect(findings.map((finding) => finding.code)).toContain("APP_SESSIONS");
});

test("a directory is one, also where MediaWiki has the class in a namespace", () => {
  const findings = judgeSettings(
    { ...settings, fileBackend: "Wikimedia\\FileBackend\\FSFileBackend" },
    expected,
  );
  expect(findings.filter((finding) => finding.severity !== "pass")).toEqual([]);
});

test("a different patch release of the same branch is no warning", () => {
  const findings = judgeSettings({ ...settings, version: "1.39.3" }, expected);
  expect(findings.filter((finding) => finding.severity !== "pass")).toEqual([]);
});

test.each([
  ["APP_SECRET_KEY", "block", { secretKeyHash: "0" }],
  ["APP_SERVER_URL", "block", { wgServer: "http://old" }],
  ["APP_DATABASE", "block", { wgDBuser: "root" }],
  ["APP_UPLOAD_PATH", "block", { wgUploadPath: "/w/images" }],
  ["APP_UPLOAD_PATH", "block", { wgUploadPath: "/img_auth.php" }],
  ["APP_FILE_BACKEND", "block", { fileBackend: "SwiftFileBackend" }],
  ["APP_FILE_BACKEND", "block", { fileBackend: "AmazonS3FileBackend" }],
  ["APP_PRIVATE", "block", { anonymousRead: false }],
  ["APP_SESSION_NAME", "block", { wgSessionName: "other" }],
  ["APP_TOKEN_VERSION", "block", { wgAuthenticationTokenVersion: "1" }],
  ["APP_HASHED_UPLOADS", "block", { wgHashedUploadDirectory: false }],
  ["APP_VERSION", "block", { version: "1.35.2" }],
  ["APP_SESSIONS", "block", { wgSessionCacheType: 3 }],
  ["APP_JOB_RUN_RATE", "warn", { wgJobRunRate: 1 }],
  ["APP_JOB_QUEUE", "block", { wgJobTypeClass: "JobQueueRedis" }],
  ["APP_READ_ONLY", "warn", { wgReadOnly: "upgrading" }],
  ["APP_READ_ONLY_FILE", "warn", { wgReadOnlyFile: "/var/lib/mediawiki/images/closed" }],
] as const)("%s is a %s for %j", (code, severity, change) => {
  const findings = judgeSettings({ ...settings, ...change }, expected);
  const found = findings.filter((finding) => finding.severity !== "pass");
  expect(found).toMatchObject([{ code, severity }]);
  expect(found[0]?.remedy).not.toBe("");
});

test.each([
  [{ wgSessionCacheType: 1 }, "database"],
  [{ wgSessionCacheType: "mysql" }, "database"],
  [{ wgSessionCacheType: 2 }, "memcached"],
  [{ wgSessionCacheType: "redis" }, "redis"],
  [{ wgSessionCacheType: 0 }, "nowhere"],
  [{ wgSessionCacheType: "home-made" }, "unknown"],
  [{ wgSessionCacheType: -1, wgMainCacheType: 3 }, "memory of one process or host"],
  [{ wgSessionCacheType: -1, wgMainCacheType: 0, wgParserCacheType: "redis" }, "redis"],
  [{ wgSessionCacheType: -1, wgMainCacheType: 0 }, "database"],
] as const)("with %j sessions live in: %s", (change, store) => {
  expect(sessionStore({ ...settings, ...change })).toBe(store);
});

test("an upload path that is a script is refused also where the config names the same", () => {
  const wgUploadPath = "/w/img_auth.php";
  const wiki = { ...expected.wiki, uploadPath: wgUploadPath };
  const found = judgeSettings({ ...settings, wgUploadPath }, { ...expected, wiki });
  expect(found.filter(({ severity }) => severity === "block").map(({ code }) => code)).toEqual([
    "APP_UPLOAD_PATH",
  ]);
});
