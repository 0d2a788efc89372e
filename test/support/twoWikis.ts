import { fromContainer, type Way } from "../../engine/apps/mediawiki/ways";
import type { MoveSpec, SshTarget } from "../../engine/move";
import { freshKey } from "../../engine/runtime/ssh/freshKey";
import { SshPool } from "../../engine/runtime/ssh/pool";
import { sh } from "../../scripts/common/docker";
import { putFiles } from "../../scripts/common/putFiles";
import { secretFiles, webUid } from "../../scripts/lab/secretFiles";
import { DockerWorld, type RunningContainer } from "./dockerWorld";
import { testImage } from "./image";
import { until } from "./until";

/** Ports of the web server: blue, green, blue by TLS, and blue as certbot leaves it. */
export const ports = { blue: 80, green: 8080, tls: 443, redirecting: 81 } as const;

const maintenance = "/usr/share/mediawiki/maintenance";
const changeOf = (side: "blue" | "green") => `/etc/mediawiki/${side}-change.php`;
const settingsOf = (side: "blue" | "green") => `/etc/mediawiki/${side}.php`;

/** A German MediaWiki, twice over one database: two sides whose settings may differ. */
export class TwoWikis {
  readonly docker = new DockerWorld();
  readonly operator = freshKey();
  readonly pool = new SshPool(this.operator.private);
  web!: RunningContainer;
  /** Where the gate would be. */
  way!: Way;
  /** The network, to be trusted as the gate's. */
  subnet = "";
  /** Name of the database's container, from which every request is made. */
  database = "";
  private network = "";
  ssh!: SshTarget;

  /** @param tls PEM texts of blue's certificate. */
  async open(tls: { cert: string; key: string }): Promise<void> {
    const { name: network } = await this.docker.network();
    this.network = network;
    const { IPAM } = await this.docker.docker.getNetwork(network).inspect();
    this.subnet = IPAM?.Config?.[0]?.Subnet ?? "";
    const on = { HostConfig: { NetworkMode: network } };
    const host = freshKey();
    const virtualHost = (port: number, more: string) =>
      `<VirtualHost *:${port}>\nDocumentRoot /var/lib/mediawiki\n${more}\n</VirtualHost>\n`;
    const serve = (side: string) =>
      `SetEnv MW_CONFIG_FILE /etc/mediawiki/${side}.php\nphp_value opcache.revalidate_freq 0\n<Directory /var/lib/mediawiki>\nOptions FollowSymLinks\nRequire all granted\n</Directory>`;
    const sites = [
      "LoadModule ssl_module /usr/lib/apache2/modules/mod_ssl.so",
      ...[8080, 443, 81].map((port) => `Listen ${port}`),
      virtualHost(ports.blue, serve("blue")),
      virtualHost(ports.green, serve("green")),
      virtualHost(
        ports.tls,
        `SSLEngine on\nSSLCertificateFile /etc/mediawiki/cert.pem\nSSLCertificateKeyFile /etc/mediawiki/key.pem\n${serve("blue")}`,
      ),
      virtualHost(ports.redirecting, "Redirect permanent / https://wiki.example.org/"),
    ].join("\n");
    const [db, web] = await Promise.all([
      this.docker.run("db", await testImage("blue-db"), { ...on, Cmd: ["mariadb"] }),
      this.docker.run(
        "web",
        await testImage("blue-web"),
        { ...on, Cmd: ["ssh", "apache2"] },
        [22],
        [
          { path: "/root/.ssh/authorized_keys", content: `${this.operator.public}\n` },
          { path: "/etc/ssh/ssh_host_ed25519_key", content: `${host.private}\n` },
          { path: "/etc/mediawiki/cert.pem", content: tls.cert },
          { path: "/etc/mediawiki/key.pem", content: tls.key },
          { path: "/etc/apache2/sites-enabled/wiki.conf", content: sites, mode: 0o644 },
        ],
      ),
    ]);
    this.web = web;
    this.database = db.name;
    this.way = fromContainer({ container: db.name }, this.pool);
    await until("MariaDB", async () => {
      await sh(
        db.name,
        `mariadb -e "CREATE DATABASE IF NOT EXISTS wikidb CHARACTER SET binary; CREATE USER IF NOT EXISTS wikiuser@'%' IDENTIFIED BY 'p'; GRANT ALL ON wikidb.* TO wikiuser@'%'"`,
      );
      return true;
    });
    await sh(
      web.name,
      `php ${maintenance}/install.php --dbserver ${db.name} --dbname wikidb --dbuser wikiuser --dbpass p --pass a-long-enough-one --server http://wiki.example.org --scriptpath '' --lang de --confpath /tmp Wiki Sysop >/dev/null`,
    );
    const settings = (side: "blue" | "green") => `<?php
$wgSitename = "Wiki"; $wgServer = "http://wiki.example.org"; $wgScriptPath = ""; $wgLanguageCode = "de";
$wgDBtype = "mysql"; $wgDBserver = "${db.name}"; $wgDBname = "wikidb"; $wgDBuser = "wikiuser"; $wgDBpassword = "p";
$wgSecretKey = "0123456789abcdef"; $wgSessionCacheType = CACHE_DB; $wgJobRunRate = 0; $wgMainCacheType = CACHE_ACCEL; $wgCachePrefix = "${side}"; $wgCacheDirectory = "/tmp/${side}";
$wgEnableEmail = false;
wfLoadSkin( 'Vector' );
$wgCdnServersNoPurge = [ "${this.subnet}" ];
require "${changeOf(side)}";
`;
    await putFiles(web.container, [
      ...(["blue", "green"] as const).map((side) => ({
        path: settingsOf(side),
        content: settings(side),
        mode: 0o644,
      })),
      {
        path: "/etc/mediawiki/LocalSettings.php",
        content: `<?php require "${settingsOf("blue")}";`,
        mode: 0o644,
      },
    ]);
    await this.change("blue", "");
    await this.change("green", "");
    // Both fill their message caches, as the account that serves the web.
    const fill = (port: number) =>
      `php -r 'exit(strpos(file_get_contents("http://127.0.0.1:${port}/index.php?title=Hauptseite"), "firstHeading") ? 0 : 1);'`;
    await sh(
      web.name,
      `rm -rf /tmp/blue /tmp/green; install -d -o www-data /tmp/blue /tmp/green; ${fill(ports.blue)}; ${fill(ports.green)}`,
    );
    this.ssh = { host: "127.0.0.1", port: await web.port(22), user: "root", hostKey: host.public };
  }

  /**
   * Green's own image over the same database.
   * @param php Its settings beside the common ones.
   */
  async greenImage(what: string, wiki: Record<string, string>, php: string): Promise<RunningContainer> {
    const env = {
      SITENAME: "Wiki",
      SERVER: "http://wiki.example.org",
      LANGUAGE: "de",
      DB_HOST: this.database,
      DB_NAME: "wikidb",
      DB_USER: "wikiuser",
      REDIS_CACHE: "127.0.0.1:1",
      REDIS_SESSIONS: "127.0.0.1:1",
      ...wiki,
    };
    const secrets = secretFiles(webUid, {
      "database-password": "p",
      "secret-key": "0123456789abcdef",
      "redis-password": "p",
      "settings.php": `<?php $wgMainCacheType = CACHE_ACCEL; ${php}`,
    });
    const options = {
      HostConfig: { NetworkMode: this.network },
      Env: Object.entries(env).map(([key, value]) => `WIKI_${key}=${value}`),
    };
    return await this.docker.run(what, await testImage("mediawiki"), options, [], secrets);
  }

  /** Adds PHP text to a side's settings, replacing what was added before. */
  async change(side: "blue" | "green", php: string): Promise<void> {
    await putFiles(this.web.container, [{ path: changeOf(side), content: `<?php ${php}\n`, mode: 0o644 }]);
  }

  /** The parts of a move that requests to its web servers need. */
  spec(change: { port?: number; serverUrl?: string; tls?: MoveSpec["blue"]["web"]["tls"] } = {}) {
    const at = (port: number) => ({ address: { host: this.web.name, port } });
    return {
      wiki: {
        serverUrl: change.serverUrl ?? "http://wiki.example.org",
        apiPath: "/api.php",
      } as MoveSpec["wiki"],
      blue: { web: { ...at(change.port ?? ports.blue), tls: change.tls } },
      green: at(ports.green),
    };
  }

  async close(): Promise<void> {
    await this.pool.close();
    await this.docker.close();
  }
}
