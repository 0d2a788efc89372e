import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { webPreflight } from "../../../../../engine/apps/mediawiki/preflight";
import { readSettings } from "../../../../../engine/apps/mediawiki/settings";
import { Wiki } from "../../../../../engine/apps/mediawiki/wiki";
import type { SshTarget } from "../../../../../engine/move";
import { freshKey } from "../../../../../engine/runtime/ssh/freshKey";
import { SshPool } from "../../../../../engine/runtime/ssh/pool";
import { DockerWorld } from "../../../../support/dockerWorld";
import { testImage } from "../../../../support/image";
import { until } from "../../../../support/until";

const world = new DockerWorld();
const operator = freshKey();
const host = freshKey();
const pool = new SshPool(operator.private);
const wiki = {
  serverUrl: "http://wiki.example.org",
  apiPath: "/api.php",
  database: "wikidb",
  tablePrefix: "",
  appUser: "wikiuser",
  uploadPath: "/images",
};
const secretKey = "0123456789abcdef";
let ssh: SshTarget;
let server: Server;
let port: number;
let readOnly = false;
let hosts: (string | undefined)[] = [];

beforeAll(async () => {
  const localSettings = `<?php
$wgServer = "http://wiki.example.org"; $wgScriptPath = ""; $wgDBname = "wikidb"; $wgDBuser = "wikiuser"; $wgDBpassword = "p";
$wgSecretKey = "${secretKey}"; $wgMainCacheType = CACHE_ACCEL; $wgJobRunRate = 0;
$wgObjectCaches['mine'] = [ 'class' => 'RedisBagOStuff', 'servers' => [ 'x' ], 'password' => 'hidden' ];
$wgObjectCaches['odd'] = [ 'factory' => static function () { return null; } ];
`;
  const web = await world.run(
    "web",
    await testImage("blue-web"),
    { Cmd: ["ssh"] },
    [22],
    [
      { path: "/root/.ssh/authorized_keys", content: `${operator.public}\n` },
      { path: "/etc/ssh/ssh_host_ed25519_key", content: `${host.private}\n` },
      { path: "/etc/mediawiki/LocalSettings.php", content: localSettings, mode: 0o644 },
    ],
  );
  ssh = { host: "127.0.0.1", port: await web.port(22), user: "root", hostKey: host.public };
  await until("ssh", async () => {
    await pool.to(ssh);
    return true;
  });
  server = createServer((request, response) => {
    hosts.push(request.headers.host);
    if (request.url?.startsWith("/slow")) return;
    if (!request.url?.startsWith("/api.php?")) return void response.writeHead(404).end("<html>no");
    const general = {
      generator: "MediaWiki 1.39.17",
      readonly: readOnly,
      ...(readOnly && { readonlyreason: "the database is being moved" }),
    };
    response.end(JSON.stringify({ batchcomplete: true, query: { general } }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  port = (server.address() as AddressInfo).port;
});

beforeEach(() => {
  readOnly = false;
  hosts = [];
});

afterAll(async () => {
  await pool.close();
  await world.close();
  server?.closeAllConnections();
  server?.close();
});

function at(apiPath: string): Wiki {
  return new Wiki({ host: "127.0.0.1", port }, { ...wiki, apiPath }, pool);
}

test("settings are read as PHP sees them, without secrets", async () => {
  const settings = await readSettings(ssh, "/var/lib/mediawiki", pool);
  expect(settings).toMatchObject({
    wgServer: "http://wiki.example.org",
    wgDBname: "wikidb",
    wgMainCacheType: 3,
    wgSessionCacheType: -1,
    wgJobTypeClass: "JobQueueDB",
    cacheClasses: { mine: "RedisBagOStuff" },
  });
  expect(settings.version).toMatch(/^1\.39\./);
  expect(JSON.stringify(settings)).not.toMatch(/hidden|0123456789abcdef"/);
});

test("preflight blocks sessions in APCu, as the installer leaves them, and a wrong directory", async () => {
  const web = { ssh, mediawikiDirectory: "/var/lib/mediawiki" } as Parameters<typeof webPreflight>[0];
  const findings = await webPreflight(web, { wiki, secretKey }, pool);
  expect(findings.filter(({ severity }) => severity === "block").map(({ code }) => code)).toEqual([
    "APP_SESSIONS",
  ]);
  const nowhere = await webPreflight(
    { ...web, mediawikiDirectory: "/srv/it's not here" },
    { wiki, secretKey },
    pool,
  );
  expect(nowhere).toMatchObject([{ code: "WEB_SETTINGS", severity: "block" }]);
});

test("the wiki is asked by its public name", async () => {
  expect(await at("/api.php").siteInfo()).toEqual({
    version: "1.39.17",
    readOnly: false,
    readOnlyReason: "",
    anonymousRead: true,
  });
  expect(hosts).toEqual(["wiki.example.org"]);
});

test("waiting for a writable wiki ends as soon as it is one, or says why not", async () => {
  readOnly = true;
  setTimeout(() => {
    readOnly = false;
  }, 300);
  const waitedMs = await at("/api.php").awaitWritable(5_000);
  expect(waitedMs).toBeGreaterThan(200);
  readOnly = true;
  await expect(at("/api.php").awaitWritable(200)).rejects.toThrow(
    /WEB_READ_ONLY: .* after 200 ms \(the database is being moved\)/,
  );
});

test("no answer, a late answer and a wrong answer each have their code", async () => {
  const closed = new Wiki({ host: "127.0.0.1", port: 1 }, wiki, pool);
  await expect(closed.siteInfo()).rejects.toMatchObject({ code: "WEB_UNREACHABLE" });
  await expect(at("/slow").siteInfo(200)).rejects.toThrow(/WEB_UNREACHABLE: .*not within 200 ms/);
  await expect(at("/other").siteInfo()).rejects.toThrow(
    /WEB_API_NOT_FOUND: .*answered \/other with status 404/,
  );
});
