import { randomBytes } from "node:crypto";
import { lookup } from "node:dns/promises";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { isIP } from "node:net";
import { join } from "node:path";
import { Command } from "commander";
import { parse } from "yaml";
import { readBlue } from "../engine/apps/mediawiki/inventory/read";
import { WikiferryError } from "../engine/errors";
import { SshPool } from "../engine/runtime/ssh/pool";
import { keyNamed, keysOf } from "../stacks/common/config/keys";
import { givenIn } from "../stacks/common/config/raw";
import { schema } from "../stacks/mediawiki/config";
import { runCommand } from "./common/command";
import { print } from "./common/print";
import { findKeyFile, parseTarget, withHostKey } from "./common/sshTarget";
import { changesSince, stackFile } from "./discover/file";
import { askHost, databaseHost, type HostFacts, uploadsPlace } from "./discover/hosts";
import { type Discovered, entriesOf } from "./discover/plan";
import { ensureStack, pulumiAccess, setSecret } from "./discover/pulumi";
import { projectDir } from "./setup/paths";

interface Flags {
  stack: string;
  newHost?: string;
  greenAddress?: string;
  directory?: string;
  wiki?: string;
  key?: string;
  dbAdmin?: string;
  acceptHostKeys?: boolean;
  dryRun?: boolean;
}

const keys = keysOf(schema);

async function main(targets: string[], flags: Flags): Promise<number> {
  const { file, key } = findKeyFile(flags.key);
  const accept = flags.acceptHostKeys === true;
  const blue = [];
  for (const text of targets) blue.push(await withHostKey(parseTarget(text), accept));
  const green =
    flags.newHost === undefined ? undefined : await withHostKey(parseTarget(flags.newHost), accept);
  const pool = new SshPool(key);
  try {
    const hosts = await Promise.all(blue.map((target) => askHost(target, pool)));
    const [web, ...others] = hosts as [HostFacts, ...HostFacts[]];
    const { inventory, secrets } = await readBlue(await pool.to(web.target), {
      directory: flags.directory,
      wiki: flags.wiki,
    });
    const database = databaseHost(web, hosts, inventory);
    const uploads = await uploadsPlace(web, others, inventory, pool);
    const greenAddress = flags.greenAddress ?? green?.host ?? database.seenFrom;
    const admin = adminAccount(database, flags.dbAdmin);
    const found: Discovered = {
      stack: flags.stack,
      inventory,
      hosts: {
        web: web.target,
        ...(database === web ? {} : { database: database.target }),
        ...(uploads.host === web || uploads.host === database ? {} : { files: uploads.host.target }),
        ...(green ? { new: green } : {}),
      },
      roles: {
        web: "web",
        database: database === web ? "web" : "database",
        files: uploads.host === web ? "web" : uploads.host === database ? "database" : "files",
        green: green ? "new" : undefined,
      },
      keyFile: file,
      uploadsDirectory: uploads.directory,
      database: {
        sqlHost: admin.sqlHost,
        sqlPort: inventory.database.port,
        adminUser: admin.user,
        systemd: database.systemd,
        configDirectory: database.configDirectory,
      },
      webSystemd: web.systemd,
      greenAddress,
      publishAddress: await addressOf(greenAddress),
    };
    const entries = entriesOf(found, keys);
    const path = join(projectDir, `Pulumi.${flags.stack}.yaml`);
    if (existsSync(path)) {
      await print(changesText(path, entries));
      return 0;
    }
    const text = stackFile(entries, web.target.host);
    if (flags.dryRun) {
      await print(
        `${text}\n# Secrets that would be encrypted into it: ${Object.keys(secretsOf(secrets, admin.password)).join(", ")}\n`,
      );
      return 0;
    }
    const access = await pulumiAccess();
    writeFileSync(path, text, { flag: "wx" });
    await ensureStack(flags.stack, access);
    for (const [name, value] of Object.entries(secretsOf(secrets, admin.password)))
      await setSecret(flags.stack, name, value, access);
    await print(
      `${[`Wrote ${path}.`, ...findingsText(inventory.findings), ...access.exports, "npx pulumi preview"].join("\n")}\n`,
    );
    return 0;
  } finally {
    await pool.close();
  }
}

/**
 * The administrative account: root through its socket where SSH may do that, else the one that was named, with the
 * password of WIKIFERRY_DB_ADMIN_PASSWORD. @throws `DISCOVER_DATABASE_ADMIN`
 */
function adminAccount({ rootSocket, target }: HostFacts, user: string | undefined) {
  const password = process.env.WIKIFERRY_DB_ADMIN_PASSWORD ?? "";
  if (user === undefined && rootSocket !== "")
    return { user: "root", sqlHost: rootSocket, password: "unix_socket" };
  if (user !== undefined && password !== "") return { user, sqlHost: "127.0.0.1", password };
  throw new WikiferryError(
    "DISCOVER_DATABASE_ADMIN",
    `MariaDB on ${target.host} does not let root in through its socket without a password`,
    "Name an account with all privileges by --db-admin USER, and its password in the variable WIKIFERRY_DB_ADMIN_PASSWORD",
  );
}

function secretsOf(secrets: { password: string; secretKey: string } | undefined, adminPassword: string) {
  const all: Record<string, string> = {
    masterSecret: randomBytes(32).toString("hex"),
    "wiki.appPassword": secrets?.password ?? "",
    "wiki.secretKey": secrets?.secretKey ?? "",
    "blue.database.adminPassword": adminPassword,
  };
  return Object.fromEntries(
    Object.entries(all).filter(([name, value]) => value !== "" && keyNamed(keys, name)),
  );
}

function changesText(path: string, entries: ReturnType<typeof entriesOf>): string {
  const { config = {} } = parse(readFileSync(path, "utf8")) as { config?: Record<string, unknown> };
  const raw = Object.fromEntries(
    Object.entries(config).map(([name, value]) => [
      name,
      typeof value === "object" ? JSON.stringify(value) : String(value),
    ]),
  );
  const given = new Map([...givenIn(keys, raw, "wikiferry")].map(([name, { value }]) => [name, value]));
  const changes = changesSince(entries, given);
  if (changes.length === 0) return `${path} says what is on blue. Nothing was written.\n`;
  const lines = changes.map(
    ({ key, here, there }) =>
      `  ${key}: here ${JSON.stringify(here ?? null)}, on blue ${JSON.stringify(there)}`,
  );
  return `${path} is yours, and nothing was written. It differs from blue:\n${lines.join("\n")}\n`;
}

function findingsText(
  findings: { level: string; code: string; message: string; remedy: string }[],
): string[] {
  return findings.map(({ level, code, message, remedy }) => `${level} ${code}: ${message}. ${remedy}.`);
}

async function addressOf(name: string): Promise<string> {
  if (isIP(name) !== 0) return name;
  return lookup(name).then(
    ({ address }) => address,
    () => "",
  );
}

const program = new Command("npm run discover --")
  .description(
    "Reads a wiki's hosts over SSH, the web server's first, and writes the stack's file and its encrypted secrets. A file that is there stays as it is: it shows what has changed on blue.",
  )
  .argument("<targets...>", "SSH targets, such as root@web.example.org root@db.example.org")
  .option("--stack <name>", "the stack's name", "prod")
  .option("--new-host <target>", "SSH target of the new host; defaults to this machine's Docker engine")
  .option("--green-address <address>", "the new host as blue's database reaches it")
  .option("--directory <path>", "MediaWiki's directory, where the host has several wikis")
  .option("--wiki <id>", "which wiki of a family, as --wiki of MediaWiki's scripts names it")
  .option("--key <file>", "private SSH key; defaults to the first one of ~/.ssh without a passphrase")
  .option(
    "--db-admin <user>",
    "the database's account with all privileges; its password: WIKIFERRY_DB_ADMIN_PASSWORD",
  )
  .option("--accept-host-keys", "accept host keys that known_hosts does not have")
  .option("--dry-run", "print the file instead of writing it");
program.parse();

runCommand(main(program.args, program.opts<Flags>()), false);
