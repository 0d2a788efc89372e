import { z } from "zod";
import { commonShape } from "../common/config/common";
import { flag, integer, matching, oneOf, secret, section, text } from "../common/config/schema";
import { edge } from "./edge";
import { tuning } from "./tuning";

const { kind: _, name, phase, active, canary, masterSecret, ssh, hosts, retire, rehearsal } = commonShape;

const hostsOnly = "Defaults to the only one that green.docker does not use.";
const bytes = /^\d+[KMG]?$/;

/** The containers of green that are each built on a base image. */
const images = {
  mariadb: text("MariaDB.").optional(),
  mediawiki: text("MediaWiki: web and jobs.").optional(),
  redis: text("Redis.").optional(),
  gate: text("HAProxy, the gate.").optional(),
  proxy: text("HAProxy, the proxy before MariaDB.").optional(),
  fileSync: text("rsync.").optional(),
};

/** Config of a stack that moves a MediaWiki. */
export const schema = z.strictObject({
  kind: oneOf(["mediawiki"], "What the stack moves. It determines all other keys.").default("mediawiki"),
  name,
  phase,
  active,
  canary,
  masterSecret,
  ssh,
  hosts,

  wiki: section("The wiki, as blue's LocalSettings.php has it.", {
    database: matching(
      /^[^\s`/\\.]{1,64}$/,
      "`wikidb`: no spaces, dots, slashes or backquotes",
      "Name of the wiki's database ($wgDBname).",
    ),
    tablePrefix: matching(
      /^[A-Za-z0-9_]{1,20}$/,
      "`mw_`",
      "Prefix of its tables ($wgDBprefix), if there is one.",
    ).optional(),
    appUser: text("MediaWiki's database account ($wgDBuser)."),
    appPassword: secret("Its password ($wgDBpassword)."),
    secretKey: secret("$wgSecretKey of the running wiki; a different one would log everyone out."),
    authenticationTokenVersion: text("$wgAuthenticationTokenVersion, if it is set.").optional(),
    cookiePrefix: text("$wgCookiePrefix, if it is set.").optional(),
    sessionName: text("$wgSessionName, if it is set.").optional(),
    serverUrl: matching(/^https?:\/\/[^/\s]+$/, "`https://wiki.example.org`, without a path", "$wgServer."),
    sitename: text("$wgSitename.").default("Wiki"),
    language: text("$wgLanguageCode.").default("en"),
    apiPath: matching(/^\/\S*api\.php$/, "`/api.php`", "Path of api.php.").default("/api.php"),
    uploadPath: matching(/^\/\S+$/, "`/images`", "$wgUploadPath.").default("/images"),
    hashedUploads: flag("$wgHashedUploadDirectory.").default(true),
    settingsFile: text(
      "A PHP file of the project with the wiki's own settings (extensions, rights). Green's LocalSettings.php includes it.",
    ).optional(),
  }),

  blue: section("The hosts that the wiki lives on.", {
    web: section("Blue's web server.", {
      host: text(`Its name under hosts. ${hostsOnly}`).optional(),
      address: text(
        "Its HTTP host name or address as seen from the gate. Defaults to its host's address under hosts.",
      ).optional(),
      httpPort: integer(
        "Its HTTP port as seen from the gate. Defaults to 80, with blue.web.tls to 443.",
        1,
        65535,
      ).optional(),
      tls: flag("Whether the gate and the tool speak TLS to it, and check its certificate.").default(false),
      tlsName: matching(
        /^(?=.*[a-z])[a-z0-9.-]+$/i,
        "`wiki.example.org`",
        "DNS name that the certificate must be valid for. Defaults to the host of wiki.serverUrl.",
      ).optional(),
      tlsCa: matching(
        /^-----BEGIN CERTIFICATE-----[\s\S]+-----END CERTIFICATE-----\s*$/,
        "a PEM text, `-----BEGIN CERTIFICATE-----…`",
        "Authority that signed the certificate, or the certificate itself if it is self-signed, PEM. Defaults to the public authorities.",
      ).optional(),
      allowPlainHttp: flag(
        "Allows plain HTTP from the gate to blue although wiki.serverUrl is https. Passwords cross that connection.",
      ).default(false),
      allowGateAddress: flag(
        "Allows phase switch although blue records the gate's address for every edit, in place of the client's.",
      ).default(false),
      mediawikiDirectory: text("Directory of MediaWiki's code on it.").default("/var/www/html"),
      wikiId: text(
        "Which wiki of a family that shares its code: the value of --wiki of MediaWiki's maintenance scripts.",
      ).optional(),
      jobsStop: text("Stops job runners and cron there.").default("service cron stop"),
      jobsStart: text("Starts them again.").default("service cron start"),
      refreshCaches: text("Empties what the web server caches in its own memory.").default(
        "service apache2 restart",
      ),
    }),
    database: section("Blue's database server. The SSH user must be root or able to restart MariaDB.", {
      host: text(`Its name under hosts. ${hostsOnly}`).optional(),
      sqlHost: text("MariaDB as seen from that host: an address, or a socket's path.").default("127.0.0.1"),
      sqlPort: integer("MariaDB's port as seen from that host.", 1, 65535).default(3306),
      adminUser: text("Account with all privileges.").default("root"),
      adminPassword: secret("Its password."),
      replicationHost: text(
        "Blue's MariaDB as seen from green. Defaults to its host's address under hosts.",
      ).optional(),
      replicationPort: integer("Its port as seen from green.", 1, 65535).default(3306),
      restart: text("Restarts MariaDB.").default("systemctl restart mariadb"),
      configDirectory: text("Where a file with settings is added.").default("/etc/mysql/mariadb.conf.d"),
    }),
    files: section("The host with the uploads. The SSH user must be able to read and write them.", {
      host: text(`Its name under hosts. ${hostsOnly}`).optional(),
      directory: text("The upload directory ($wgUploadDirectory) on it."),
      address: text("Its address as seen from green. Defaults to its host's address under hosts.").optional(),
      sshPort: integer(
        "Its SSH port as seen from green. Defaults to its host's port under hosts.",
        1,
        65535,
      ).optional(),
      allowFrom: matching(
        /^[0-9A-Fa-f:.,/*?!-]+$/,
        "`203.0.113.10` or `203.0.113.0/24,2001:db8::/48`",
        "Addresses from which blue accepts file-sync's key, as its sshd sees them (`from=` in sshd(8)): the new host's. Defaults to any.",
      ).optional(),
    }),
  }),

  green: section("The new host, and what runs there.", {
    docker: section("Its Docker engine.", {
      host: text("The new host's name under hosts. Defaults to this machine's engine.").optional(),
    }),
    network: text("A Docker network there that reaches blue, if the default route does not.").optional(),
    subnet: matching(
      /^\d{1,3}(\.\d{1,3}){3}\/(1[2-9]|2[0-8])$/,
      "`10.217.44.0/24`",
      "Addresses of green's own Docker network; unused on its host, and not among those through which it reaches blue.",
    ).default("10.217.44.0/24"),
    database: section("Green's MariaDB.", {
      publishAddress: text(
        "Address on the new host on which the proxy accepts blue's connections to green's MariaDB. Without it nothing is published there.",
      ).optional(),
      allowFrom: matching(
        /^[A-Za-z0-9._:/-]+(,[A-Za-z0-9._:/-]+)*$/,
        "`198.51.100.7` or `db.example.org,198.51.100.0/28`",
        "Who may connect to green's MariaDB from outside: addresses, networks and names of blue's database as green's host sees them, separated by commas. Defaults to blue.database.replicationHost.",
      ).optional(),
      publishPort: integer(
        "Port on the new host, for blue and, on loopback, for the operator.",
        1,
        65535,
      ).default(3307),
      replicationHost: text("Green's MariaDB as seen from blue."),
      replicationPort: integer("Its port as seen from blue.", 1, 65535).default(3307),
      bufferPoolSize: matching(
        bytes,
        "`4G`",
        "innodb_buffer_pool_size; 50 to 70 % of the memory that MariaDB may have.",
      ).default("512M"),
      redoLogSize: matching(bytes, "`1G`", "innodb_log_file_size; an hour of writes.").default("256M"),
      binlogRetentionSeconds: integer(
        "How long the binary log is kept. The way back lasts as long.",
        3600,
        99 * 86_400,
        "seconds",
      ).default(7 * 86_400),
    }),
    redis: section("Green's two Redis.", {
      maxMemory: matching(/^\d+(kb|mb|gb)$/, "`512mb`", "maxmemory of each.").default("512mb"),
    }),
    web: section("Green's web server.", {
      workers: integer(
        "Requests that it serves at a time. Its memory is limited to 256 MB for each and 512 MB.",
        2,
        1000,
      ).default(24),
    }),
    images: section("Base images. Each defaults to the official one.", images),
    allowRestart: flag(
      "Allows a restart of green's MariaDB or Redis while green serves people, for a change that needs one.",
    ).default(false),
  }),

  gate: section("The gate: HAProxy in front of both sides.", {
    publishAddress: text("Address on the new host on which the gate accepts HTTP.").default("127.0.0.1"),
    httpPort: integer("The gate's HTTP port.", 1, 65535).default(8080),
    renew: flag(
      "Replaces the gate's container if its image, ports or networks have changed. Nobody reaches the wiki for some seconds. Changes of its settings and program need no new container.",
    ).default(false),
    trustedProxies: matching(
      /^[0-9a-fA-F.:/ ]*$/,
      "`192.0.2.0/24 198.51.100.7`",
      "Addresses or networks, separated by spaces, of proxies in front of the gate, which may open any number of connections. Cloudflare's are known.",
    ).optional(),
    sessionPages: text(
      "Pages that start or end sessions, separated by commas, such as `spezial:anmelden`. They go to the side that takes edits. Defaults to the names that blue's language has for them.",
    ).optional(),
  }),

  edge,

  adopt: section("What phase prepare may do to blue's MariaDB.", {
    allowRestart: flag("Allows the one restart that turns its binary log on.").default(false),
    restartAt: matching(
      /^([01]\d|2[0-3]):[0-5]\d$/,
      "`03:30`",
      "Minute of that restart, UTC. Defaults to at once.",
    ).optional(),
  }),

  copy: section("How blue's database is copied.", {
    method: oneOf(
      ["auto", "logical", "physical"],
      "physical streams its files with mariadb-backup, which must be installed on blue's host. During the copy a key that can start it and do nothing else is in the SSH user's authorized_keys. logical reads and writes the rows. auto uses physical for more than 5 GB where it is possible.",
    ).default("auto"),
    maxBytesPerSecond: integer(
      "Maximum rate at which the copy reads from blue; 0 means no limit.",
      0,
      100_000_000_000,
      "bytes per second",
    ).default(0),
  }),

  files: section("How uploads are copied.", {
    maxDelete: integer(
      "Maximum number of files that one pass may delete, on either side; a tenth where there are few files, but ten are always allowed. A pass that would delete more changes nothing and stays stopped.",
      0,
      10_000_000,
    ).default(500),
    allowDelete: matching(
      /^\d+-[0-9a-f]{8}$/,
      "`812-1f3a9c2b`, as FILES_DELETE_HELD names it",
      "Name of a stopped pass. The files that it found, and no others, may be deleted.",
    ).optional(),
    allowLost: integer(
      "Number of recorded files that may be missing, empty or altered on the serving side. Up to three, or 1 %, always may, as long as more than half are right.",
      0,
      100_000_000,
    ).default(0),
    keepDays: integer(
      "How long replaced and deleted uploads are kept on either side. Phase retire removes what green keeps.",
      1,
      3_650,
      "days",
    ).default(30),
  }),

  verify: section("How the two databases are compared.", {
    repair: flag(
      "Whether rows that differ are copied again from the primary, without the binary log, and compared again.",
    ).default(false),
  }),

  compare: section("How what both sides answer is compared, in phase sync and before each flip.", {
    addresses: integer(
      "Addresses that both sides are asked for, at most: one of each kind that MediaWiki knows, and those of blue's access log.",
      20,
      20_000,
    ).default(500),
    maxDifferent: integer(
      "Number of shapes of address and of settings that may differ. More than that forbid a flip and a canary.",
      0,
      10_000,
    ).default(0),
    ignore: z.record(z.string(), text("The reason.")).prefault({}).meta({
      description:
        "Shapes and settings whose difference you accept, each with its reason, as `npm run compare` names them. `**` at the end stands for whatever follows.",
    }),
    account: text(
      "An account that may read a private wiki. Without it, one is made for the time and removed.",
    ).optional(),
    password: secret("Its password.").optional(),
  }),

  cutover: section("When a flip may begin, in either direction.", {
    maxLagMs: integer("Largest lag at which a flip may begin.", 10, 60_000, "milliseconds").default(100),
    lagStableMs: integer(
      "How long the lag must have stayed below that. At least the 8 s for which MediaWiki remembers that a database was read-only.",
      8_000,
      3_600_000,
      "milliseconds",
    ).default(30_000),
    lagWaitMs: integer(
      "How long to wait for that before the flip is refused.",
      10_000,
      86_400_000,
      "milliseconds",
    ).default(300_000),
  }),

  tuning,
  retire,
  rehearsal,
});

export type MediaWikiConfig = z.output<typeof schema>;
