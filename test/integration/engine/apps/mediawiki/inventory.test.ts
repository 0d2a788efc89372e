import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type InventoryOptions, readInventory } from "../../../../../engine/apps/mediawiki/inventory/read";
import type { SshTarget } from "../../../../../engine/move";
import { freshKey } from "../../../../../engine/runtime/ssh/freshKey";
import { SshPool } from "../../../../../engine/runtime/ssh/pool";
import { sh } from "../../../../../scripts/common/docker";
import { putFiles } from "../../../../../scripts/common/putFiles";
import { blueWithNginx } from "../../../../../scripts/lab/image";
import { projectDir } from "../../../../../scripts/setup/paths";
import { DockerWorld, type RunningContainer } from "../../../../support/dockerWorld";
import { testImage } from "../../../../support/image";
import { until } from "../../../../support/until";

/** One host with two wikis over one database: a tarball's behind nginx and FPM, Debian's behind Apache. */
const docker = new DockerWorld();
const operator = freshKey();
const pool = new SshPool(operator.private);
const tarball = "/var/www/wiki/w";
const debian = "/var/lib/mediawiki";
let web: RunningContainer;
let ssh: SshTarget;
let database: string;

const secretKey = "0123456789abcdef-a-secret-key";
const common = () => `<?php
$wgSitename = "Wiki"; $wgServer = "http://wiki.example.org"; $wgScriptPath = "/w"; $wgArticlePath = "/wiki/$1"; $wgLanguageCode = "de";
$wgDBtype = "mysql"; $wgDBserver = "${database}"; $wgDBname = "wikidb"; $wgDBuser = "wikiuser"; $wgDBprefix = "mw_";
$wgDBpassword = getenv( "WIKI_DB_PASSWORD" ) ?: "a-database-password"; $wgSecretKey = "${secretKey}";
$wgCacheDirectory = "/tmp/cache"; $wgMainCacheType = CACHE_NONE; $wgJobRunRate = 0;
wfLoadSkin( "Vector" );
`;

const nginxSettings = (more: string) =>
  `${common()}wfLoadExtension( "Cite" ); require __DIR__ . "/rights.php"; require "/srv/wiki/more.php";\n${more}`;

const settings = (more: string) =>
  putFiles(web.container, [
    { path: `${tarball}/LocalSettings.php`, content: nginxSettings(more), mode: 0o644 },
  ]);

const read = async (options: InventoryOptions = { directory: tarball }) =>
  readInventory(await pool.to(ssh), options);

const codes = (found: { level: string; code: string }[]) =>
  found.map(({ level, code }) => `${level} ${code}`);

beforeAll(async () => {
  const { name: network } = await docker.network();
  const on = { HostConfig: { NetworkMode: network } };
  const host = freshKey();
  const [db, started] = await Promise.all([
    docker.run("db", await testImage("blue-db"), { ...on, Cmd: ["mariadb"] }),
    docker.run(
      "web",
      await blueWithNginx(),
      on,
      [22],
      [
        { path: "/root/.ssh/authorized_keys", content: `${operator.public}\n` },
        { path: "/etc/ssh/ssh_host_ed25519_key", content: `${host.private}\n` },
      ],
    ),
  ]);
  web = started;
  database = db.name;
  await until("MariaDB", async () => {
    await sh(
      db.name,
      `mariadb -e "CREATE DATABASE IF NOT EXISTS wikidb CHARACTER SET binary; CREATE DATABASE IF NOT EXISTS blog; CREATE USER IF NOT EXISTS wikiuser@'%' IDENTIFIED BY 'a-database-password'; GRANT ALL ON wikidb.* TO wikiuser@'%'; GRANT ALL ON blog.* TO wikiuser@'%'"`,
    );
    return true;
  });
  await sh(
    web.name,
    `php ${debian}/maintenance/install.php --dbserver ${database} --dbname wikidb --dbuser wikiuser --dbpass a-database-password --dbprefix mw_ --pass a-long-enough-one --server http://wiki.example.org --scriptpath '' --lang de --confpath /tmp Wiki Sysop >/dev/null; mkdir -p /srv/wiki; install -d -o www-data /tmp/cache; echo x | su -s /bin/sh www-data -c 'tee ${tarball}/images/a.png' >/dev/null`,
  );
  await putFiles(web.container, [
    { path: "/etc/mediawiki/LocalSettings.php", content: common().replace('"/w"', '""'), mode: 0o644 },
    {
      path: `${tarball}/rights.php`,
      content: "<?php $wgGroupPermissions['*']['read'] = false;",
      mode: 0o644,
    },
    {
      path: "/srv/wiki/more.php",
      content:
        '<?php $wgUploadPath = "$wgScriptPath/img_auth.php"; $wgEnableUploads = true; $wgSMTP = [ "host" => "mail.example.org", "port" => 587, "password" => "a-mail-password" ];',
      mode: 0o644,
    },
  ]);
  await settings("");
  ssh = { host: "127.0.0.1", port: await web.port(22), user: "root", hostKey: host.public };
  await until("sshd", async () => (await (await pool.to(ssh)).run("true")) === "");
  await read();
}, 240_000);

afterAll(async () => {
  await pool.close();
  await docker.close();
});

test("a wiki behind nginx and FPM: its own settings, PHP's limits of FPM, its site with file and line", async () => {
  await sh(web.name, "touch /tmp/before");
  const found = await read();
  expect(found.mediawiki).toMatchObject({
    version: expect.stringMatching(/^1\.39\./),
    directory: tarball,
    realDirectory: tarball,
    scriptPath: "/w",
    articlePath: "/wiki/$1",
    server: "http://wiki.example.org",
    serverIsComputed: false,
    language: "de",
    anonymousRead: false,
    filesByScript: true,
    extensions: [{ name: "Cite", directory: `${tarball}/extensions/Cite` }],
    skins: [{ name: "Vector" }],
    settings: {
      wgSitename: "Wiki",
      wgDBprefix: "mw_",
      wgDBpassword: { secret: expect.stringMatching(/^[0-9a-f]{16}$/) },
      wgSMTP: { host: "mail.example.org", password: { secret: expect.stringMatching(/^[0-9a-f]{16}$/) } },
    },
  });
  expect(found.includedFiles.map(({ realPath, inside }) => [realPath, inside])).toEqual([
    [`${tarball}/LocalSettings.php`, true],
    [`${tarball}/rights.php`, true],
    ["/srv/wiki/more.php", false],
  ]);
  expect(found.php).toMatchObject({
    version: expect.stringMatching(/^8\.2\./),
    sapi: "fpm-fcgi",
    modules: expect.arrayContaining(["mysqli", "intl", "wikidiff2"]),
    limits: { upload_max_filesize: "150M", memory_limit: "256M", max_execution_time: "30" },
    fpm: { listen: "/run/php/php8.2-fpm.sock", user: "www-data" },
  });
  expect(found.webServer).toMatchObject({
    kind: "nginx",
    user: { name: "www-data", uid: 33, group: "www-data", gid: 33 },
    documentRoot: "/var/www/wiki",
    accessLogs: [{ path: "/var/log/nginx/wiki.log", format: "combined", readable: true }],
  });
  const site = found.webServer.sites[found.webServer.site];
  expect(site).toMatchObject({
    name: "wiki.example.org",
    file: "/etc/nginx/sites-enabled/wiki",
    fromLine: 1,
  });
  const text = found.webServer.configuration.find(({ file }) => file === site?.file)?.text.split("\n") ?? [];
  expect(text[(site?.toLine ?? 0) - 1]).toBe("}");
  expect(found.database).toMatchObject({
    version: expect.stringContaining("MariaDB"),
    server: database,
    name: "wikidb",
    databases: [
      { name: "blog", moves: false },
      { name: "wikidb", moves: true },
    ],
  });
  expect(found.uploads).toMatchObject({
    directory: `${tarball}/images`,
    files: 1,
    bytes: 2,
    atLeast: false,
    recorded: 0,
    owner: "www-data:www-data 755",
  });
  expect(found.jobs).toMatchObject(
    expect.arrayContaining([
      expect.objectContaining({ source: "/etc/cron.d/mediawiki-jobs", line: 1, runsJobs: true }),
    ]),
  );
  expect(found.mail).toMatchObject({ enabled: true, transport: "smtp", smtp: "mail.example.org:587" });
  expect(found.findings).toEqual([]);
  // Nothing was written, and no secret is in it.
  const changed = await sh(
    web.name,
    "find /etc /srv /var/www /var/lib/mediawiki /var/cache/mediawiki /tmp /root -newer /tmp/before ! -path /tmp",
  );
  expect(changed).toBe("");
  expect(JSON.stringify(found)).not.toMatch(/a-database-password|a-mail-password|a-secret-key/);
});

test("Debian's wiki behind Apache, over symbolic links: PHP as Apache's module has it", async () => {
  const found = await read({ directory: debian, salt: "abc" });
  expect(found.mediawiki).toMatchObject({
    directory: debian,
    realDirectory: "/usr/share/mediawiki",
    scriptPath: "",
    anonymousRead: true,
    code: {
      linksOut: expect.arrayContaining([
        { path: `${debian}/LocalSettings.php`, target: "/etc/mediawiki/LocalSettings.php" },
      ]),
    },
    others: [{ directory: tarball }],
  });
  expect(found.php).toMatchObject({ sapi: "apache2handler", limits: { upload_max_filesize: "100M" } });
  expect(found.webServer).toMatchObject({
    kind: "apache",
    documentRoot: debian,
    site: 0,
    sites: [{ listen: ["*:81"], file: "/etc/apache2/sites-enabled/wiki.conf", fromLine: 1, toLine: 25 }],
  });
  expect(found.webServer.modules).toContain("php_module");
  expect(codes(found.findings)).toEqual(["warn INVENTORY_MAIL"]);
  // Two sides that are asked with one salt can be compared.
  const again = await read({ directory: debian, salt: "abc" });
  expect(again.mediawiki.settings).toEqual(found.mediawiki.settings);
});

test("two served wikis are told apart by name", async () => {
  await expect(read({})).rejects.toMatchObject({
    code: "INVENTORY_SEVERAL_WIKIS",
    found: expect.stringMatching(/\/var\/www\/wiki\/w \(1\.39\.\d+\)/),
  });
  await expect(read({ directory: "/srv" })).rejects.toMatchObject({ code: "INVENTORY_NO_WIKI" });
});

test.each<[title: string, php: string[], findings: string[]]>([
  [
    "an address that follows the request",
    ['$wgServer = "http://" . ( $_SERVER["HTTP_HOST"] ?? "x" );'],
    ["warn INVENTORY_SERVER_COMPUTED"],
  ],
  [
    "an address without a protocol, settings that die without the host name",
    ['$wgServer = "//wiki.example.org";', 'if ( !isset( $_SERVER["SERVER_NAME"] ) ) die( "no host" );'],
    ["warn INVENTORY_SERVER_RELATIVE", "warn INVENTORY_HOST_NAME"],
  ],
  [
    "a database that follows the host name",
    ['if ( !isset( $_SERVER["SERVER_NAME"] ) ) $wgDBname = "other";'],
    ["block INVENTORY_FAMILY"],
  ],
  [
    "includes that are closed or missing, an object store, accounts in another database, a missing program",
    [
      'include "/srv/wiki/closed.php";',
      'include "/srv/wiki/none.php";',
      '$wgFileBackends[] = [ "name" => "s3", "class" => "SwiftFileBackend", "lockManager" => "nullLockManager" ];',
      '$wgSharedDB = "blog"; $wgSharedTables = [];',
      '$wgDiff3 = "/opt/diff3";',
    ],
    [
      "block INVENTORY_INCLUDE",
      "block INVENTORY_OTHER_DATABASE",
      "block INVENTORY_UPLOADS_ELSEWHERE",
      "warn INVENTORY_INCLUDE",
      "warn INVENTORY_PROGRAM",
    ],
  ],
])("findings: %s", async (_title, php, findings) => {
  await putFiles(web.container, [{ path: "/srv/wiki/closed.php", content: "<?php", mode: 0o600 }]);
  await settings(php.join("\n"));
  expect(codes((await read()).findings)).toEqual(expect.arrayContaining(findings));
});

test("a family of wikis that needs --wiki is told, and read with it", async () => {
  await settings('if ( !defined( "MW_DB" ) ) die( "which wiki? give --wiki" ); $wgSitename = MW_DB;');
  await expect(read()).rejects.toMatchObject({
    code: "INVENTORY_FAMILY",
    remedy: expect.stringContaining("blue.web.wikiId"),
  });
  expect((await read({ directory: tarball, wiki: "one" })).mediawiki.sitename).toBe("one");
});

test("settings that die are told in PHP's words, without the password in them", async () => {
  await settings('throw new Exception( "no such thing" );');
  await expect(read()).rejects.toMatchObject({
    code: "INVENTORY_SETTINGS",
    found: expect.stringMatching(/no such thing(?!.*a-database-password)/),
  });
  await settings("");
});

test("a host without PHP on the command line is told what to install", async () => {
  await sh(web.name, "mkdir /opt/away; mv /usr/bin/php /usr/bin/php8.2 /opt/away/");
  await expect(read()).rejects.toMatchObject({ code: "INVENTORY_NO_PHP" });
  await sh(web.name, "mv /opt/away/* /usr/bin/");
});

test("npm run inventory prints the same as JSON, once the host's key is accepted", async () => {
  const folder = mkdtempSync(join(tmpdir(), "wikiferry-inventory-"));
  const key = join(folder, "key");
  writeFileSync(key, `${operator.private}\n`, { mode: 0o600 });
  const run = (...more: string[]) =>
    promisify(execFile)(
      "npx",
      [
        "tsx",
        "scripts/inventory.ts",
        `root@127.0.0.1:${ssh.port}`,
        "--json",
        "--key",
        key,
        "--directory",
        tarball,
        ...more,
      ],
      { cwd: projectDir, env: { ...process.env, HOME: folder } },
    );
  try {
    const refused = await run().catch((error: { stdout: string }) => error);
    expect(JSON.parse(refused.stdout)).toMatchObject({ ok: false, error: { code: "SSH_HOST_KEY_NEW" } });
    const printed = JSON.parse((await run("--accept-host-keys")).stdout);
    expect(printed).toMatchObject({
      mediawiki: {
        version: expect.any(String),
        scriptPath: "/w",
        articlePath: "/wiki/$1",
        extensions: [{ name: "Cite", version: expect.any(String) }],
        skins: expect.any(Array),
      },
      php: { version: expect.any(String), sapi: "fpm-fcgi", modules: expect.any(Array) },
      webServer: { kind: "nginx", version: expect.any(String) },
      database: {
        version: expect.any(String),
        databases: [
          { name: "blog", bytes: 0, moves: false },
          { name: "wikidb", moves: true },
        ],
      },
      uploads: { directory: `${tarball}/images`, files: 1, bytes: 2 },
      findings: [],
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
