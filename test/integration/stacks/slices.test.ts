import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

const root = join(__dirname, "../../..");

/** A key of the config, another value, and the dynamic resources that `pulumi up` updates for it in phase `switch`. */
const table: [string, string | number | boolean, string[]][] = [
  ["cutover.maxLagMs", 90, ["migration-primary"]],
  ["cutover.lagStableMs", 12000, ["migration-primary"]],
  ["cutover.lagWaitMs", 200000, ["migration-primary"]],
  ["tuning.cutover.drainMs", 1500, ["migration-primary"]],
  ["tuning.cutover.catchUpMs", 4000, ["migration-primary"]],
  ["tuning.cutover.attemptMs", 7000, ["migration-primary"]],
  ["tuning.cutover.longTransactionMs", 4000, ["migration-primary"]],
  ["tuning.cutover.verificationMaxAgeMs", 80000000, ["migration-primary", "migration-verification"]],
  ["copy.maxBytesPerSecond", 1000000, ["migration-copy"]],
  ["copy.method", "logical", ["migration-copy"]],
  ["tuning.verify.sessions", 3, ["migration-verification"]],
  ["verify.repair", true, ["migration-verification"]],
  ["tuning.verify.pauseMs", 33, ["migration-primary"]],
  ["files.maxDelete", 400, ["migration-primary", "migration-uploads"]],
  ["files.allowDelete", "7-00000000", ["migration-primary", "migration-uploads"]],
  ["files.allowLost", 3, ["migration-primary", "migration-uploads"]],
  ["files.keepDays", 20, ["migration-primary", "migration-uploads"]],
  ["blue.files.allowFrom", "192.0.2.1", ["migration-uploads"]],
  ["blue.files.address", "files2.internal", ["migration-primary", "migration-uploads"]],
  ["blue.files.directory", "/srv/other", ["migration-primary", "migration-uploads"]],
  ["green.database.bufferPoolSize", "3G", []],
  ["tuning.database.maxConnections", 250, ["green-mariadb-server-processes", "green-wiki-account"]],
  ["green.redis.maxMemory", "1gb", []],
  ["green.web.workers", 7, ["green-mediawiki-web-processes"]],
  ["tuning.database.longQuerySeconds", 3, []],
  ["wiki.sitename", "Another", []],
  ["wiki.language", "de", []],
  ["wiki.tablePrefix", "mw_", ["migration-primary", "migration-uploads", "migration-verification"]],
  ["wiki.apiPath", "/w/api.php", ["migration-primary", "migration-route"]],
  [
    "wiki.serverUrl",
    "https://other.example.org",
    ["green-gate-settings", "migration-primary", "migration-route"],
  ],
  ["wiki.uploadPath", "/files", ["green-gate-settings"]],
  ["name", "other", ["migration-adoption", "migration-copy"]],
  ["wiki.appUser", "someone", ["green-wiki-account", "migration-copy", "migration-primary"]],
  ["wiki.hashedUploads", false, ["migration-primary", "migration-uploads"]],
  [
    "wiki.database",
    "other",
    [
      "green-wiki-account",
      "migration-copy",
      "migration-primary",
      "migration-replication",
      "migration-uploads",
      "migration-verification",
    ],
  ],
  ["canary", 10, ["migration-route"]],
  ["active", "green", ["migration-primary", "migration-route", "migration-verification"]],
  ["adopt.restartAt", "04:10", ["migration-adoption"]],
  [
    "green.database.replicationHost",
    "green2.example.org",
    ["green-certificate", "migration-adoption", "migration-primary", "migration-replication"],
  ],
  ["green.database.replicationPort", 3399, ["migration-primary", "migration-replication"]],
  [
    "blue.database.replicationHost",
    "blue2.internal",
    ["migration-adoption", "migration-copy", "migration-primary", "migration-replication"],
  ],
  ["blue.database.replicationPort", 3399, ["migration-copy", "migration-primary", "migration-replication"]],
  [
    "hosts.db.host",
    "db2.internal",
    [
      "green-wiki-account",
      "migration-adoption",
      "migration-copy",
      "migration-primary",
      "migration-replication",
      "migration-uploads",
      "migration-verification",
      "migration-watchdog",
    ],
  ],
  [
    "blue.database.adminUser",
    "boss",
    [
      "green-wiki-account",
      "migration-adoption",
      "migration-copy",
      "migration-primary",
      "migration-replication",
      "migration-uploads",
      "migration-verification",
      "migration-watchdog",
    ],
  ],
  ["tuning.database.blueServerId", 77, ["migration-adoption", "migration-primary", "migration-replication"]],
  ["tuning.database.greenServerId", 78, ["migration-primary", "migration-replication"]],
  ["blue.database.restart", "systemctl restart mysql", ["migration-adoption"]],
  ["blue.database.configDirectory", "/etc/my.cnf.d", ["migration-adoption"]],
  ["hosts.web.host", "web2.internal", ["green-gate-settings", "migration-primary", "migration-route"]],
  ["blue.web.address", "web3.internal", ["green-gate-settings", "migration-primary", "migration-route"]],
  ["blue.web.jobsStop", "true", ["migration-primary"]],
  ["blue.web.refreshCaches", "true", ["migration-primary"]],
  ["blue.web.mediawikiDirectory", "/srv/mw", []],
  ["blue.web.allowGateAddress", true, ["migration-route"]],
  ["tuning.gate.adminPort", 9998, ["migration-primary", "migration-route"]],
  ["gate.httpPort", 81, []],
  ["tuning.gate.holdMs", 12000, ["green-gate-settings"]],
  ["tuning.gate.maxConnectionsPerAddress", 90, ["green-gate-settings"]],
  ["gate.renew", true, []],
  [
    "green.database.publishPort",
    3308,
    [
      "green-wiki-account",
      "migration-adoption",
      "migration-copy",
      "migration-primary",
      "migration-replication",
      "migration-uploads",
      "migration-verification",
      "migration-watchdog",
    ],
  ],
  [
    "hosts.new.host",
    "green2.example.org",
    [
      "green-file-sync-container-processes",
      "green-gate-haproxy-processes",
      "green-gate-settings",
      "green-mariadb-proxy-haproxy-processes",
      "green-mariadb-secret-files",
      "green-mariadb-server-processes",
      "green-mediawiki-jobs-processes",
      "green-mediawiki-secret-files",
      "green-mediawiki-web-processes",
      "green-redis-cache-processes",
      "green-redis-secret-files",
      "green-redis-sessions-processes",
      "green-wiki-account",
      "migration-adoption",
      "migration-copy",
      "migration-primary",
      "migration-replication",
      "migration-route",
      "migration-uploads",
      "migration-verification",
      "migration-watchdog",
    ],
  ],
  ["green.database.allowFrom", "192.0.2.7", []],
  ["tuning.web.startSeconds", 99, []],
];

type Hashes = Record<string, string>;
let hashes: Hashes[];

/** The inputs of all dynamic resources in phase `switch`, for each of some changes of the config. */
async function hashesOf(stack: "staging" | "prod", changes: object[]): Promise<Hashes[]> {
  const configs = changes.map((one) => ({ phase: "switch", ...one }));
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--require", "tsx/cjs", join(root, "test/support/inputHashes.ts"), stack, JSON.stringify(configs)],
    { cwd: root, maxBuffer: 64 << 20 },
  );
  return JSON.parse(stdout);
}

const changed = (before: Hashes, after: Hashes) =>
  Object.keys(before).filter((name) => after[name] !== before[name]);

beforeAll(async () => {
  hashes = await hashesOf("prod", [{}, ...table.map(([key, value]) => ({ [key]: value }))]);
  // One run of the program for each row: minutes on a machine that others use, too.
}, 600_000);

test("the stack has all dynamic resources of phase switch in each config", () => {
  const names = Object.keys(hashes[0] ?? {});
  expect(names.length).toBe(22);
  for (const of of hashes) expect(Object.keys(of)).toEqual(names);
});

test.each(table.map((row, at) => [...row, at] as const))(
  "%s = %s updates the resources that use it, and no other",
  (_key, _value, updated, at) => {
    expect(changed(hashes[0] ?? {}, hashes[at + 1] ?? {})).toEqual(updated);
  },
);

test("labels of containers, volumes and networks update no dynamic resource", async () => {
  const [before = {}, labelled = {}] = await hashesOf("staging", [{}, { "rehearsal.id": "main-0123" }]);
  expect(Object.keys(before).length).toBe(22);
  expect(changed(before, labelled)).toEqual([]);
});
