import { parse } from "yaml";
import { changesSince, stackFile } from "../../../scripts/discover/file";
import { type Discovered, entriesOf, nameFor, serverUrl } from "../../../scripts/discover/plan";
import { keysOf } from "../../../stacks/common/config/keys";
import { schema } from "../../../stacks/mediawiki/config";

const keys = keysOf(schema);
const host = (name: string) => ({ host: name, port: 22, user: "root", hostKey: "ssh-ed25519 AAAA" });

const inventory = {
  mediawiki: {
    directory: "/var/www/wiki/w",
    scriptPath: "/w",
    server: "https://wiki.example.org",
    canonicalServer: "https://wiki.example.org",
    sitename: "Wiki",
    language: "de",
    settings: { wgHashedUploadDirectory: true, wgCookiePrefix: "wikidb_mw_", wgSessionName: false },
  },
  php: { version: "8.2.36", fpm: { file: "/etc/php/8.2/fpm/pool.d/www.conf" } },
  webServer: { mainFile: "/etc/nginx/nginx.conf", site: 0, sites: [{ tls: true }] },
  database: { name: "wikidb", prefix: "mw_", user: "wikiuser" },
  uploads: { path: "/w/images" },
  jobs: [
    { kind: "cron", source: "/etc/cron.d/wiki", active: true },
    { kind: "service", source: "mw-jobrunner.service", active: true },
    { kind: "service", source: "other.service", active: false },
  ],
};

const found = {
  stack: "prod",
  inventory,
  hosts: { web: host("web.example.org"), new: host("new.example.org") },
  roles: { web: "web", database: "web", files: "web", green: "new" },
  keyFile: "/home/a/.ssh/id_ed25519",
  uploadsDirectory: "/var/www/wiki/w/images",
  database: {
    sqlHost: "/run/mysqld/mysqld.sock",
    sqlPort: 3306,
    adminUser: "root",
    systemd: true,
    configDirectory: "/etc/mysql/mariadb.conf.d",
  },
  webSystemd: true,
  greenAddress: "new.example.org",
  publishAddress: "203.0.113.10",
} as unknown as Discovered;

test("the file has what differs from the defaults, in the nested form that the schema takes", () => {
  const { config } = parse(stackFile(entriesOf(found, keys), "web.example.org"));
  expect(config).toMatchObject({
    "wikiferry:name": "prod",
    "wikiferry:hosts": { web: { host: "web.example.org", hostKey: "ssh-ed25519 AAAA" } },
    "wikiferry:blue": {
      web: {
        host: "web",
        tls: true,
        mediawikiDirectory: "/var/www/wiki/w",
        jobsStop: "systemctl stop cron mw-jobrunner.service",
        refreshCaches: "systemctl restart php8.2-fpm",
      },
      database: { sqlHost: "/run/mysqld/mysqld.sock" },
    },
    "wikiferry:green": { docker: { host: "new" }, database: { replicationHost: "new.example.org" } },
  });
  const text = JSON.stringify(config);
  for (const standard of [
    "cookiePrefix",
    "sqlPort",
    "adminUser",
    'restart":',
    "configDirectory",
    '"port"',
    '"user"',
  ])
    expect(text).not.toContain(standard);
});

test("a file that is there is compared and never written over", () => {
  const entries = entriesOf(found, keys);
  const given = new Map<string, unknown>(entries.map(({ key, value }) => [key, value]));
  expect(changesSince(entries, given)).toEqual([]);
  given.set("blue.web.mediawikiDirectory", "/srv/w");
  expect(changesSince(entries, given)).toEqual([
    { key: "blue.web.mediawikiDirectory", here: "/srv/w", there: "/var/www/wiki/w" },
  ]);
});

test("names and addresses", () => {
  expect(nameFor("My Wiki.2")).toBe("my-wiki-2");
  expect(nameFor("42")).toBe("wiki");
  const relative = { ...inventory, mediawiki: { ...inventory.mediawiki, server: "//wiki.example.org" } };
  expect(serverUrl(relative as never)).toBe("https://wiki.example.org");
});
