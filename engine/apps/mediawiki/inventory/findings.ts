import type { FailedInclude, SettingsAnswer } from "./answer";
import type { Inventory, InventoryFinding, Json } from "./types";

/** What the reader saw besides the inventory itself. */
export interface Seen {
  /** Includes that PHP could not open, or that can't be read. */
  failedIncludes: FailedInclude[];
  /** MediaWiki's answer without a host name; undefined where it died. */
  bare: SettingsAnswer | undefined;
  /** Why it died without a host name. */
  bareDeath: string;
  /** Why the database gave no answer; empty where it did. */
  databaseError: string;
  /** What the web server complains about; empty if it accepts its configuration. */
  webServerRefused: string;
  /** Whether a site that serves the wiki was found. */
  siteFound: boolean;
  /** Another web server that stands before it, such as `nginx`. */
  before: string;
  /** Whether the SAPI is known. */
  sapiFound: boolean;
}

type Read = Omit<Inventory, "findings">;

const block = (code: string, message: string, remedy: string): InventoryFinding => ({
  code,
  level: "block",
  message,
  remedy,
});
const warn = (code: string, message: string, remedy: string): InventoryFinding => ({
  code,
  level: "warn",
  message,
  remedy,
});

/** What stands in the way or is worth knowing, blocks first. Pure. */
export function findingsOf(read: Read, seen: Seen): InventoryFinding[] {
  const found = [
    ...settingsFindings(read, seen),
    ...webFindings(seen),
    ...databaseFindings(read, seen),
    ...uploadFindings(read),
    ...programFindings(read),
    ...mailFindings(read),
  ];
  return [
    ...found.filter(({ level }) => level === "block"),
    ...found.filter(({ level }) => level === "warn"),
  ];
}

function settingsFindings(
  { mediawiki }: Read,
  { failedIncludes, bare, bareDeath }: Seen,
): InventoryFinding[] {
  const found: InventoryFinding[] = [];
  const { version, server, canonicalServer } = mediawiki;
  const [, major = 0, minor = 0] = (/^(\d+)\.(\d+)/.exec(version) ?? []).map(Number);
  if (major === 1 && minor < 35)
    found.push(
      block(
        "INVENTORY_VERSION",
        `blue runs MediaWiki ${version}, and the oldest that can move is 1.35`,
        "Upgrade blue to 1.35 or later first",
      ),
    );
  for (const { path, by, unreadable } of failedIncludes)
    found.push(
      unreadable
        ? block(
            "INVENTORY_INCLUDE",
            `${by} includes ${path}, which the web server's account may not read`,
            "Give it the right to read that file, or remove the include: what can't be read can't be carried",
          )
        : warn(
            "INVENTORY_INCLUDE",
            `${by} includes ${path}, which is missing on blue`,
            "Restore the file or remove the include. Green will lack it as blue does",
          ),
    );
  if (!bare)
    found.push(
      warn(
        "INVENTORY_HOST_NAME",
        `LocalSettings.php needs the request's host name, and dies without it (${bareDeath})`,
        "Check that maintenance scripts run on blue. If it serves several wikis by their names, each is a move of its own: set blue.web.wikiId to the one that --wiki names",
      ),
    );
  else if (bare.settings.wgDBname !== mediawiki.settings.wgDBname)
    found.push(
      block(
        "INVENTORY_FAMILY",
        `LocalSettings.php chooses the database by the request's host name: ${text(mediawiki.settings.wgDBname)} with it, ${text(bare.settings.wgDBname)} without`,
        "Several wikis share this code, and each is a move of its own. Set blue.web.wikiId to the one that --wiki names",
      ),
    );
  if (mediawiki.serverIsComputed)
    found.push(
      warn(
        "INVENTORY_SERVER_COMPUTED",
        `$wgServer follows the request ("${server}" for this site): the gate passes the name on, and jobs and mail have none`,
        "Set wiki.serverUrl to the address that people use, or give $wgServer a fixed value on blue",
      ),
    );
  if (server.startsWith("//"))
    found.push(
      warn(
        "INVENTORY_SERVER_RELATIVE",
        `$wgServer is protocol-relative ("${server}"), and $wgCanonicalServer is "${canonicalServer}"`,
        "Set wiki.serverUrl to the address that people use, with https:// if they use that",
      ),
    );
  return found;
}

function webFindings({ webServerRefused, siteFound, before, sapiFound }: Seen): InventoryFinding[] {
  const found: InventoryFinding[] = [];
  if (webServerRefused !== "")
    found.push(
      block(
        "INVENTORY_WEB_SERVER",
        `the web server does not accept its own configuration (${webServerRefused})`,
        "Correct it on blue: it would not start again either",
      ),
    );
  else if (!siteFound)
    found.push(
      block(
        "INVENTORY_WEB_SERVER",
        "no Apache or nginx on this host serves the wiki's directory",
        "See that the SSH target is the web server's host, and that --directory is the directory that it serves",
      ),
    );
  if (before !== "")
    found.push(
      warn(
        "INVENTORY_TWO_SERVERS",
        `${before} on the same host stands before the web server that runs the wiki`,
        `Check what ${before} alone decides, such as redirects, denied places and headers: green takes over the inner server's configuration`,
      ),
    );
  if (siteFound && !sapiFound)
    found.push(
      warn(
        "INVENTORY_PHP",
        "how the web server runs PHP could not be found out, so PHP of the command line was read",
        "Compare its modules and limits with phpinfo() of the web server",
      ),
    );
  return found;
}

function databaseFindings({ database }: Read, { databaseError }: Seen): InventoryFinding[] {
  const found: InventoryFinding[] = [];
  if (database.type !== "mysql")
    found.push(
      block(
        "INVENTORY_DATABASE_TYPE",
        `the wiki's database is ${database.type}, and only MariaDB can move`,
        "Leave this wiki where it is",
      ),
    );
  if (databaseError !== "")
    found.push(
      block(
        "INVENTORY_DATABASE",
        `the wiki's own account gets no answer from its database (${databaseError})`,
        "See that the database runs and that the wiki works",
      ),
    );
  for (const { name, namedBy } of database.databases.filter((it) => !it.moves && it.namedBy.length > 0))
    found.push(
      block(
        "INVENTORY_OTHER_DATABASE",
        `the wiki also uses the database ${name} (${namedBy.map((it) => `$${it}`).join(", ")}), which does not move with it`,
        "Leave this wiki where it is, or merge that database into the wiki's own",
      ),
    );
  return found;
}

function uploadFindings({ uploads }: Read): InventoryFinding[] {
  const elsewhere = uploads.backends.filter(({ local }) => !local);
  const found = elsewhere.map(({ name, class: kind }) =>
    block(
      "INVENTORY_UPLOADS_ELSEWHERE",
      `files are kept by ${kind} (backend ${name}), not in a directory`,
      "Leave this wiki where it is: only files in a directory can move",
    ),
  );
  if (elsewhere.length === 0 && uploads.enabled && uploads.realDirectory === "")
    found.push(
      block(
        "INVENTORY_UPLOADS_MISSING",
        `$wgUploadDirectory is ${uploads.directory}, which is not there`,
        "Correct the setting on blue, or mount the directory",
      ),
    );
  return found;
}

function programFindings({ programs }: Read): InventoryFinding[] {
  return programs
    .filter(({ used, exists }) => used && !exists)
    .map(({ name, setting, path }) =>
      warn(
        "INVENTORY_PROGRAM",
        `${name} is missing on blue: $${setting} names ${path}`,
        "Install it there, or remove the setting; green gets it if it can be had",
      ),
    );
}

function mailFindings({ mail }: Read): InventoryFinding[] {
  if (!mail.enabled) return [];
  if (mail.transport === "sendmail")
    return [
      warn(
        "INVENTORY_MAIL",
        `the wiki sends mail by the host's own mail server (${mail.sendmailPath || "sendmail"})${mail.sendmailExists ? "" : ", which is missing"}`,
        "Set mail.relay to a server that takes green's mail",
      ),
    ];
  if (/^(?:(?:ssl|tls):\/\/)?(?:localhost|127\.|\[?::1)/.test(mail.smtp))
    return [
      warn(
        "INVENTORY_MAIL",
        `the wiki sends mail by a mail server on its own host ($wgSMTP: ${mail.smtp})`,
        "Set mail.relay to a server that takes green's mail",
      ),
    ];
  return [];
}

const text = (value: Json | undefined) => (typeof value === "string" ? value : JSON.stringify(value ?? null));
