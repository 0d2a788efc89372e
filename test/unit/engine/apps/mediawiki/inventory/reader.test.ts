import { deathIn, failedIncludes } from "../../../../../../engine/apps/mediawiki/inventory/answer";
import {
  backendsOf,
  countIn,
  databaseFacts,
  linksOut,
  mountOf,
} from "../../../../../../engine/apps/mediawiki/inventory/facts";
import {
  cronJobs,
  processesIn,
  processJobs,
  unitJobs,
} from "../../../../../../engine/apps/mediawiki/inventory/jobs";
import {
  commandLinePhp,
  parsePhp,
  phpFacts,
  poolAt,
  poolsIn,
  versionNamed,
} from "../../../../../../engine/apps/mediawiki/inventory/phpFacts";
import { redacted } from "../../../../../../engine/apps/mediawiki/inventory/redact";
import { partsOf } from "../../../../../../engine/apps/mediawiki/inventory/sections";

test("a script's output falls into its named parts", () => {
  expect(partsOf("noise\n\u001ea\none\n\n\u001efile:/x y\n")).toEqual([
    { name: "a", text: "one\n" },
    { name: "file:/x y", text: "" },
  ]);
});

describe("secrets", () => {
  test.each([
    ["SetEnv DB_PASSWORD hunter2", "SetEnv DB_PASSWORD <secret>"],
    ['\tfastcgi_param WIKI_SECRET_KEY "a b";', "\tfastcgi_param WIKI_SECRET_KEY <secret>;"],
    ["env[DB_PASS] = hunter2", "env[DB_PASS] = <secret>"],
    ["export WIKI_TOKEN=abc", "export WIKI_TOKEN=<secret>"],
    ['RequestHeader set Authorization "Basic abc"', "RequestHeader set Authorization <secret>"],
    ['AuthLDAPBindPassword "x y"', "AuthLDAPBindPassword <secret>"],
    ["proxy_pass http://bob:pw@10.0.0.1:8080/;", "proxy_pass http://bob:<secret>@10.0.0.1:8080/;"],
  ])("%s is without its secret", (line, clean) => {
    expect(redacted(line)).toBe(clean);
  });

  test.each([
    "ProxyPass / http://127.0.0.1:8080/",
    "fastcgi_pass unix:/run/php/php8.2-fpm.sock;",
    "ssl_certificate_key /etc/ssl/private/wiki.key;",
    "SSLCertificateKeyFile /etc/ssl/private/wiki.key",
    "ServerTokens Prod",
    "fastcgi_param HTTP_AUTHORIZATION $http_authorization;",
    "rewrite ^/wiki/(.*)$ /w/index.php?title=$1&$args last;",
    "Header always set Strict-Transport-Security max-age=31536000",
  ])("%s stays as it is", (line) => {
    expect(redacted(line)).toBe(line);
  });
});

describe("what PHP said when it died", () => {
  test("is its own first words, without arguments", () => {
    const output =
      "PHP Fatal error:  Uncaught Exception: no wiki in /srv/LocalSettings.php:3\nStack trace:\n#0 /x(3): connect('db', 'user', 'hunter2')\n";
    expect(deathIn(output)).toBe("PHP Fatal error:  Uncaught Exception: no wiki in /srv/LocalSettings.php:3");
    expect(deathIn("Error: real_connect('db', 'user', 'hunter2') failed")).not.toContain("hunter2");
    expect(deathIn("")).toBe("PHP ended without a word");
  });

  test("tells includes that it could not open, and why", () => {
    const output = [
      "PHP Warning:  include(/srv/a.php): Failed to open stream: No such file or directory in /w/LocalSettings.php on line 4",
      "Warning: require_once(/srv/b.php): failed to open stream: Permission denied in /w/more.php on line 9",
    ].join("\n");
    expect(failedIncludes(output)).toEqual([
      { path: "/srv/a.php", by: "/w/LocalSettings.php", unreadable: false },
      { path: "/srv/b.php", by: "/w/more.php", unreadable: true },
    ]);
  });
});

describe("PHP", () => {
  const web = parsePhp(
    "v\t8.2.36\nm\tCore\nm\tpcntl\nm\tZend%20OPcache\ni\tmemory_limit\t128M\ni\tmax_execution_time\t0\ni\tpost_max_size\t8M\ni\tapc.shm_size\t64M\nr\tmax_execution_time\t60\nr\tapc.shm_size\t64M\nf\t/etc/php/8.2/fpm/php.ini\ns\tyes\n",
  );
  const plain = parsePhp("v\t8.2.36\nm\tCore\ni\tmemory_limit\t128M\n");

  test("of the web server has its own modules and limits, those of the pool and the site last", () => {
    const [pool] = poolsIn([
      {
        file: "/etc/php/8.2/fpm/pool.d/www.conf",
        text: "[www]\nuser = www-data\ngroup = www-data\nlisten = /run/php/$pool.sock\n;php_admin_value[x] = y\nphp_admin_value[memory_limit] = 512M\nenv[DB_PASS] = hunter2\n",
      },
    ]);
    const facts = phpFacts("fpm-fcgi", web, plain, plain, { phpValues: { post_max_size: "100M" } }, pool);
    expect(facts).toMatchObject({ version: "8.2.36", sapi: "fpm-fcgi", modules: ["core", "zend opcache"] });
    expect(facts.limits).toMatchObject({
      memory_limit: "512M",
      post_max_size: "100M",
      max_execution_time: "60",
      "apc.shm_size": "64M",
    });
    expect(pool).toMatchObject({ listen: "/run/php/www.sock", environment: { DB_PASS: "hunter2" } });
  });

  test("pools are found by socket and port, versions by name", () => {
    const pools = [{ listen: "9000" }, { listen: "/run/php/php7.4-fpm.sock" }];
    expect(poolAt(pools, ["localhost:9000"])).toBe(pools[0]);
    expect(poolAt(pools, ["unix:/var/run/php/php7.4-fpm.sock"])).toBe(pools[1]);
    expect(poolAt(pools, ["127.0.0.1:9001"])).toBeUndefined();
    expect(versionNamed("/etc/php/8.2/fpm/pool.d/www.conf")).toBe("8.2");
    expect(versionNamed("/etc/php-fpm.d/www.conf", "/run/php/php7.4-fpm.sock")).toBe("7.4");
    expect(commandLinePhp(["/usr/bin/php", "/usr/bin/php7.4"], "7.4")).toBe("/usr/bin/php7.4");
    expect(commandLinePhp([], "8.2")).toBe("");
  });
});

test("job runners are found in crontabs, units and processes", () => {
  const cron = cronJobs([
    {
      file: "/etc/cron.d/wiki",
      text: "3:*/5 * * * * www-data php /w/maintenance/runJobs.php\n4:# 0 0 * * * root php /w/maintenance/x.php\n",
    },
    { file: "/var/spool/cron/crontabs/bob", text: "1:@daily php /w/maintenance/updateSpecialPages.php" },
  ]);
  expect(cron).toMatchObject([
    { source: "/etc/cron.d/wiki", line: 3, schedule: "*/5 * * * *", user: "www-data", runsJobs: true },
    { source: "/var/spool/cron/crontabs/bob", schedule: "@daily", user: "bob", runsJobs: false },
  ]);
  const units = unitJobs(
    [
      {
        file: "/etc/systemd/system/mw-jobrunner.service",
        text: "[Service]\nUser=www-data\nExecStart=/usr/bin/php /w/maintenance/runJobs.php --wait\n",
      },
      {
        file: "/etc/systemd/system/wiki.service",
        text: "[Service]\nExecStart=/usr/bin/php /w/maintenance/run.php update\n",
      },
      { file: "/etc/systemd/system/wiki.timer", text: "[Timer]\nOnCalendar=hourly\n" },
    ],
    new Map([["mw-jobrunner", "active\ninactive\n"]]),
  );
  expect(units).toMatchObject([
    { kind: "service", source: "mw-jobrunner.service", user: "www-data", runsJobs: true, active: true },
    { kind: "timer", source: "wiki.timer", schedule: "hourly", runsJobs: false, active: false },
  ]);
  const processes = processesIn(
    "  1 root init /sbin/init\n 77 www-data php php /w/maintenance/runJobs.php --wait\n",
  );
  expect(processJobs(processes, [])).toMatchObject([{ kind: "process", user: "www-data", runsJobs: true }]);
  expect(processJobs(processes, units)).toEqual([]);
});

test("counts, mounts, links and backends", () => {
  expect(countIn("12 3400 124\n")).toEqual({ files: 12, bytes: 3400, atLeast: true });
  expect(countIn("")).toEqual({ files: 0, bytes: 0, atLeast: false });
  const mounts = "overlay / overlay rw 0 0\nfiles:/srv/up /var/www/w/images nfs4 rw 0 0\n";
  expect(mountOf("/var/www/w/images/a", mounts)).toBe("files:/srv/up");
  expect(mountOf("/var/www/w/images2", mounts)).toBe("");
  const links = [
    { path: "/w/a", target: "/w/b" },
    { path: "/w/c", target: "/etc/x" },
  ];
  expect(linksOut(links, ["/w"])).toEqual([links[1]]);
  expect(backendsOf({ wgFileBackends: [{ name: "s3", class: "AmazonS3FileBackend" }] })).toEqual([
    { name: "s3", class: "AmazonS3FileBackend", local: false },
  ]);
  expect(backendsOf({ wgFileBackends: [] })).toEqual([]);
});

test("the database is the one that the settings reach, by host, port or socket", () => {
  const at = (settings: Record<string, unknown>) =>
    databaseFacts({
      settings,
      database: {
        version: "10.11",
        hostname: "db",
        databases: [
          { name: "wikidb", bytes: 1 },
          { name: "central", bytes: 2 },
        ],
        recorded: 0,
        error: "",
      },
      socket: "/run/mysqld/mysqld.sock",
    } as never);
  expect(at({ wgDBserver: "localhost", wgDBname: "wikidb", wgSharedDB: "central" })).toMatchObject({
    server: "localhost",
    socket: "/run/mysqld/mysqld.sock",
    databases: [
      { name: "wikidb", moves: true, namedBy: [] },
      { name: "central", moves: false, namedBy: ["wgSharedDB"] },
    ],
  });
  expect(at({ wgDBserver: "db.example.org:3307", wgDBname: "wikidb" })).toMatchObject({
    server: "db.example.org",
    port: 3307,
    socket: "",
  });
  expect(at({ wgDBserver: "localhost:/tmp/my.sock" })).toMatchObject({
    server: "localhost",
    socket: "/tmp/my.sock",
  });
  expect(at({ wgDBserver: "x", wgDBservers: [{ host: "db1", dbname: "wikidb", user: "u" }] })).toMatchObject({
    server: "db1",
    name: "wikidb",
    user: "u",
  });
});
