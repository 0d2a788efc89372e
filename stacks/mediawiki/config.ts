import { type ConfigOf, flag, integer, type Keys, matching, oneOf, text } from "../common/config/key";
import { commonKeys } from "../common/keys";

const hostKey = /^(ssh-ed25519|ssh-rsa|ecdsa-sha2-\S+) [A-Za-z0-9+/=]+( .*)?$/;
const keyExample = "`ssh-ed25519 AAAA…`, as `ssh-keyscan -t ed25519 HOST` prints it after the host's name";
const sshPort = "Its SSH port.";
const day = 86_400_000;

/** Every key of a stack that moves a MediaWiki. Pulumi.yaml, docs/config/mediawiki.md and the error texts are made from it. */
export const keys = {
  ...commonKeys,

  "wiki.name": matching(
    /^[a-z][a-z0-9-]{0,30}$/,
    "`mywiki`: lower-case letters, digits, dashes",
    "Short name of the wiki, used in messages and asked for by retire.confirm.",
  ),
  "wiki.database": matching(
    /^[^\s`/\\.]{1,64}$/,
    "`wikidb`: no spaces, dots, slashes or backquotes",
    "Name of the wiki's database ($wgDBname).",
  ),
  "wiki.tablePrefix": matching(/^[A-Za-z0-9_]{1,20}$/, "`mw_`", "Prefix of its tables ($wgDBprefix).", {
    fallback: "",
  }),
  "wiki.appUser": text("MediaWiki's database account ($wgDBuser)."),
  "wiki.appPassword": text("Its password ($wgDBpassword).", { secret: true }),
  "wiki.secretKey": text("$wgSecretKey of the running wiki; another one would log everybody out.", {
    secret: true,
  }),
  "wiki.authenticationTokenVersion": text("$wgAuthenticationTokenVersion, if it is set.", { fallback: "" }),
  "wiki.cookiePrefix": text("$wgCookiePrefix, if it is set.", { fallback: "" }),
  "wiki.sessionName": text("$wgSessionName, if it is set.", { fallback: "" }),
  "wiki.serverUrl": matching(
    /^https?:\/\/[^/\s]+$/,
    "`https://wiki.example.org`, without a path",
    "$wgServer.",
  ),
  "wiki.sitename": text("$wgSitename.", { fallback: "Wiki" }),
  "wiki.language": text("$wgLanguageCode.", { fallback: "en" }),
  "wiki.apiPath": matching(/^\/\S*api\.php$/, "`/api.php`", "Path of api.php.", { fallback: "/api.php" }),
  "wiki.uploadPath": matching(/^\/\S+$/, "`/images`", "$wgUploadPath.", { fallback: "/images" }),
  "wiki.hashedUploads": flag("$wgHashedUploadDirectory.", true),
  "wiki.settingsFile": text(
    "A PHP file of the project with the wiki's own settings (extensions, rights), included by green's LocalSettings.php.",
    { fallback: "" },
  ),

  "ssh.privateKeyFile": text("File with the operator's private SSH key.", { fallback: "" }),
  "ssh.privateKey": text("The operator's private SSH key itself, for CI runners.", {
    fallback: "",
    secret: true,
  }),

  "blue.web.host": text("Blue's web server."),
  "blue.web.port": integer(sshPort, 22, 1, 65535),
  "blue.web.user": text("SSH user.", { fallback: "root" }),
  "blue.web.hostKey": matching(hostKey, keyExample, "Its SSH host key."),
  "blue.web.address": text(
    "Its HTTP host name or address as seen from the gate. Defaults to blue.web.host.",
    { fallback: "" },
  ),
  "blue.web.httpPort": integer(
    "Its HTTP port as seen from the gate. 0 is 80, or 443 with blue.web.tls.",
    0,
    0,
    65535,
  ),
  "blue.web.tls": flag("Whether the gate and the tool speak TLS to it, and check its certificate.", false),
  "blue.web.tlsName": matching(
    /^(?=.*[a-z])[a-z0-9.-]+$/i,
    "`wiki.example.org`",
    "DNS name that the certificate must be good for. Defaults to the host of wiki.serverUrl.",
    { fallback: "" },
  ),
  "blue.web.tlsCa": matching(
    /^-----BEGIN CERTIFICATE-----[\s\S]+-----END CERTIFICATE-----\s*$/,
    "a PEM text, `-----BEGIN CERTIFICATE-----…`",
    "Authority that signed it, or the certificate itself where it signed itself, PEM; empty takes the public authorities.",
    { fallback: "" },
  ),
  "blue.web.allowPlainHttp": flag(
    "Allows plain HTTP from the gate to blue although wiki.serverUrl is https: passwords cross there.",
    false,
  ),
  "blue.web.allowGateAddress": flag(
    "Allows phase switch although blue records the gate's address for every edit, in place of the client's.",
    false,
  ),
  "blue.web.mediawikiDirectory": text("Directory of MediaWiki's code on it.", { fallback: "/var/www/html" }),
  "blue.web.jobsStop": text("Stops job runners and cron there.", { fallback: "service cron stop" }),
  "blue.web.jobsStart": text("Starts them again.", { fallback: "service cron start" }),
  "blue.web.refreshCaches": text("Empties what the web server caches in its own memory.", {
    fallback: "service apache2 restart",
  }),

  "blue.database.host": text("Blue's database server."),
  "blue.database.port": integer(sshPort, 22, 1, 65535),
  "blue.database.user": text("SSH user, root or able to restart MariaDB.", { fallback: "root" }),
  "blue.database.hostKey": matching(hostKey, keyExample, "Its SSH host key."),
  "blue.database.sqlHost": text("MariaDB as seen from that host: an address, or a socket's path.", {
    fallback: "127.0.0.1",
  }),
  "blue.database.sqlPort": integer("MariaDB's port as seen from that host.", 3306, 1, 65535),
  "blue.database.adminUser": text("Account with all privileges.", { fallback: "root" }),
  "blue.database.adminPassword": text("Its password.", { secret: true }),
  "blue.database.replicationHost": text(
    "Blue's MariaDB as seen from green. Defaults to blue.database.host.",
    { fallback: "" },
  ),
  "blue.database.replicationPort": integer("Its port as seen from green.", 3306, 1, 65535),
  "blue.database.serverId": integer(
    "server_id to give to blue where it has none of its own.",
    1,
    1,
    4294967295,
  ),
  "blue.database.restart": text("Restarts MariaDB.", { fallback: "systemctl restart mariadb" }),
  "blue.database.configDirectory": text("Where a file with settings is added.", {
    fallback: "/etc/mysql/mariadb.conf.d",
  }),

  "blue.files.host": text("The host with the uploads; may be the web server."),
  "blue.files.port": integer(sshPort, 22, 1, 65535),
  "blue.files.user": text("SSH user that may read and write the uploads.", { fallback: "root" }),
  "blue.files.hostKey": matching(hostKey, keyExample, "Its SSH host key."),
  "blue.files.directory": text("The upload directory ($wgUploadDirectory) on it."),
  "blue.files.address": text("Its address as seen from green. Defaults to blue.files.host.", {
    fallback: "",
  }),
  "blue.files.sshPort": integer("Its SSH port as seen from green. 0 is blue.files.port.", 0, 0, 65535),

  "blue.files.allowFrom": matching(
    /^[0-9A-Fa-f:.,/*?!-]+$/,
    "`203.0.113.10` or `203.0.113.0/24,2001:db8::/48`",
    "Addresses from which blue takes the courier's key, as its sshd sees them (`from=` in sshd(8)): the new host's. Empty takes it from any.",
    { fallback: "" },
  ),

  "green.docker.host": matching(
    /^ssh:\/\/[^@\s]+@[^:\s]+(:\d+)?$/,
    "`ssh://root@green.example.org`",
    "Docker engine of the new host; empty is this machine's.",
    { fallback: "" },
  ),
  "green.docker.hostKey": matching(hostKey, keyExample, "Its SSH host key; needed for a host by SSH.", {
    fallback: "",
  }),
  "green.network": text(
    "A Docker network there from which blue is reached, if it is not the default route.",
    { fallback: "" },
  ),
  "green.subnet": matching(
    /^\d{1,3}(\.\d{1,3}){3}\/(1[2-9]|2[0-8])$/,
    "`10.217.44.0/24`",
    "Addresses of green's own Docker network; free on its host, and none of those through which it reaches blue.",
    { fallback: "10.217.44.0/24" },
  ),
  "green.database.publishAddress": text(
    "Address on the new host at which the proxy takes blue's connections to green's MariaDB; empty publishes nothing there.",
    { fallback: "" },
  ),
  "green.database.allowFrom": matching(
    /^[A-Za-z0-9._:/-]+(,[A-Za-z0-9._:/-]+)*$/,
    "`198.51.100.7` or `db.example.org,198.51.100.0/28`",
    "Who may connect to green's MariaDB from outside: addresses, networks and names of blue's database as green's host sees them, separated by commas. Defaults to blue.database.replicationHost.",
    { fallback: "" },
  ),
  "green.database.publishPort": integer(
    "Port on the new host, for blue and, on loopback, for the operator.",
    3307,
    1,
    65535,
  ),
  "green.database.replicationHost": text("Green's MariaDB as seen from blue."),
  "green.database.replicationPort": integer("Its port as seen from blue.", 3307, 1, 65535),
  "green.database.serverId": integer("server_id of green.", 2, 1, 4294967295),
  "green.database.bufferPoolSize": matching(
    /^\d+[KMG]?$/,
    "`4G`",
    "innodb_buffer_pool_size; 50 to 70 % of the memory that MariaDB may have.",
    { fallback: "512M" },
  ),
  "green.database.redoLogSize": matching(/^\d+[KMG]?$/, "`1G`", "innodb_log_file_size; an hour of writes.", {
    fallback: "256M",
  }),
  "green.database.maxConnections": integer("max_connections.", 200, 10, 100000),
  "green.database.longQuerySeconds": integer("long_query_time of the slow log, in seconds.", 1, 0, 3600),
  "green.database.binlogRetentionSeconds": integer(
    "How long the binary log is kept, in seconds: the way back lasts as long.",
    7 * 86_400,
    3600,
    99 * 86_400,
  ),
  "green.redis.maxMemory": matching(/^\d+(kb|mb|gb)$/, "`512mb`", "maxmemory of each Redis.", {
    fallback: "512mb",
  }),
  "green.web.workers": integer(
    "Requests that green's web server serves at a time. Its memory is bounded to 256 MB for each and 512 MB.",
    24,
    2,
    1000,
  ),
  "green.images": text("Base images, `service=image` separated by commas; empty takes the official ones.", {
    fallback: "",
  }),

  "green.allowRestart": flag(
    "Allows a restart of green's MariaDB or Redis while green serves people, for a change that needs one.",
    false,
  ),
  "green.web.startSeconds": integer(
    "How long a new MediaWiki on green may take until it is healthy, in seconds; one that takes longer has failed, and the one before goes on serving.",
    180,
    10,
    3600,
  ),

  "gate.publishAddress": text("Address on the new host at which the gate takes HTTP.", {
    fallback: "127.0.0.1",
  }),
  "gate.httpPort": integer("The gate's HTTP port.", 8080, 1, 65535),
  "gate.adminPort": integer("Port of HAProxy's runtime API, on loopback.", 9999, 1, 65535),
  "gate.holdMs": integer(
    "How long a held write waits before it is answered 503, in milliseconds.",
    15_000,
    1000,
    60_000,
  ),
  "gate.renew": flag(
    "Replaces the gate's container where its image, ports or networks have changed; nobody reaches the wiki for some seconds. Changes of its settings and program need no new container.",
    false,
  ),

  "gate.maxConnectionsPerAddress": integer(
    "Most connections that one client address (an IPv4 address or an IPv6 /64) may have open at the gate.",
    200,
    10,
    100_000,
  ),
  "gate.trustedProxies": matching(
    /^[0-9a-fA-F.:/ ]*$/,
    "`192.0.2.0/24 198.51.100.7`",
    "Addresses or networks, separated by spaces, of proxies before the gate, which may open any number of connections. Cloudflare's are known.",
    { fallback: "" },
  ),
  "gate.sessionPages": text(
    "Pages that make or end sessions, separated by commas, such as `spezial:anmelden`: they go to the side that takes edits. Empty takes the names that blue's language has for them.",
    { fallback: "" },
  ),

  "edge.kind": oneOf(
    ["none", "cloudflare"],
    "What stands before the gate and is pointed at it in phase switch.",
    "none",
  ),
  "edge.zoneId": text("Cloudflare's zone.", { fallback: "" }),
  "edge.record": text("The wiki's DNS name in that zone.", { fallback: "" }),
  "edge.target": text("Public IP address of the gate.", { fallback: "" }),
  "edge.apiToken": text("Cloudflare API token with the right to edit the zone's DNS.", {
    fallback: "",
    secret: true,
  }),
  "edge.proxied": flag("Whether Cloudflare proxies the record.", true),

  "adopt.allowRestart": flag(
    "Allows the one restart of blue's MariaDB that switches its binary log on.",
    false,
  ),
  "adopt.restartAt": matching(
    /^([01]\d|2[0-3]):[0-5]\d$/,
    "`03:30`",
    "Minute of that restart, UTC; empty is at once.",
    { fallback: "" },
  ),

  "copy.method": oneOf(
    ["auto", "logical", "physical"],
    "How the database is copied: physical streams its files with mariadb-backup, which must be on blue's host, started by a key that is in the SSH user's authorized_keys meanwhile and can do nothing else; logical reads and writes its rows. auto takes physical for more than 5 GB where it is possible.",
    "auto",
  ),
  "copy.maxBytesPerSecond": integer(
    "Most bytes a second that the copy takes from blue; 0 is no limit.",
    0,
    0,
    100_000_000_000,
  ),

  "files.maxDelete": integer(
    "Most files that one round of uploads may delete, on either side; of few files a tenth, but ten may always go. A round that would delete more touches nothing and stays stopped.",
    500,
    0,
    10_000_000,
  ),
  "files.allowDelete": matching(
    /^\d+-[0-9a-f]{8}$/,
    "`812-1f3a9c2b`, as FILES_DELETE_HELD names it",
    "Name of a stopped round: the files that it found, and no others, may be deleted.",
    { fallback: "" },
  ),
  "files.allowLost": integer(
    "Files that MediaWiki has on record and that may be missing, empty or altered on the side that serves. Up to three, or 1 %, always may, as long as more than half are right.",
    0,
    0,
    100_000_000,
  ),
  "files.keepDays": integer(
    "For how long replaced and deleted uploads are kept on either side, in days; retire removes what green keeps.",
    30,
    1,
    3_650,
  ),

  "verify.sessions": integer(
    "Sessions that read each database at a time when the two are compared; fewer are gentler to a busy one.",
    4,
    1,
    16,
  ),
  "verify.repair": flag(
    "Whether rows that differ are copied anew from the primary, without the binary log, and compared again.",
    false,
  ),
  "verify.pauseMs": integer(
    "How long writes may wait, before a flip is committed, for the comparison of what changed last, in milliseconds. If that is too short, the flip is made and says how far the comparison came.",
    20,
    1,
    2_000,
  ),

  "cutover.maxLagMs": integer("Largest lag at which a flip may begin, in milliseconds.", 100, 10, 60_000),
  "cutover.lagStableMs": integer(
    "How long the lag must have stayed below that, in milliseconds. MediaWiki forgets after 8 s that a database was read-only; never less.",
    30_000,
    8_000,
    3_600_000,
  ),
  "cutover.lagWaitMs": integer(
    "How long to wait for that before the flip is refused, in milliseconds.",
    300_000,
    10_000,
    86_400_000,
  ),
  "cutover.drainMs": integer(
    "How long requests in flight may take to finish, in milliseconds.",
    2_000,
    100,
    10_000,
  ),
  "cutover.catchUpMs": integer(
    "How long the new primary may take to apply the last transactions, in milliseconds.",
    5_000,
    500,
    10_000,
  ),
  "cutover.attemptMs": integer(
    "Bound of an attempt from the hold on; then it is undone, in milliseconds. A lease of that length and the event that comes round each second keep a wiki whose tool died below 10 s without a primary.",
    8_000,
    2_000,
    8_000,
  ),
  "cutover.longTransactionMs": integer(
    "Longest transaction on the primary that a flip tolerates, in milliseconds.",
    5_000,
    100,
    3_600_000,
  ),
  "cutover.verificationMaxAgeMs": integer(
    "A verification older than this is stale, in milliseconds.",
    day,
    60_000,
    30 * day,
  ),
} satisfies Keys;

export type MediaWikiConfig = ConfigOf<typeof keys>;
