import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { stateFile } from "../../../../setup/paths";

export interface Account {
  name: string;
  password: string;
}

/** Passwords of one old site, made when it is created. */
export interface WorldSecrets {
  /** MediaWiki's database account, `wikiuser@'%'`. */
  appPassword: string;
  /** `wikiadmin@localhost`: all privileges, with grant option. */
  adminPassword: string;
  /** `$wgSecretKey`. */
  secretKey: string;
  /** `$wgUpgradeKey`. */
  upgradeKey: string;
  /** The wiki's administrator. */
  sysop: Account;
  /** Editor1 to Editor20, in the group `robot`: no rate limits. */
  editors: Account[];
  /** A plain account for browsing. */
  reader: Account;
}

/** A file of a world; the default world's is `.wikiferry/world/...`. */
export const worldFile = (name: string, ...parts: string[]): string =>
  stateFile(name === "blue" ? "world" : `world-${name}`, ...parts);

const password = (): string => randomBytes(15).toString("base64url");

export function makeSecrets(): WorldSecrets {
  return {
    appPassword: password(),
    adminPassword: password(),
    secretKey: randomBytes(32).toString("hex"),
    upgradeKey: randomBytes(8).toString("hex"),
    sysop: { name: "Harbourmaster", password: password() },
    editors: Array.from({ length: 20 }, (_, i) => ({ name: `Editor${i + 1}`, password: password() })),
    reader: { name: "Reader", password: password() },
  };
}

/** Writes a file that only its owner may read, completely or not at all. */
export function writePrivate(path: string, content: string): void {
  mkdirSync(join(path, ".."), { recursive: true, mode: 0o700 });
  writeFileSync(`${path}.new`, content, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

export function readJson<T>(path: string): T | undefined {
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as T) : undefined;
}

/** The operator's key pair, created once. Returns the private key's path. */
export async function operatorKey(name: string): Promise<string> {
  const path = worldFile(name, "ssh", "id_ed25519");
  if (!existsSync(path) || !existsSync(`${path}.pub`)) {
    mkdirSync(join(path, ".."), { recursive: true, mode: 0o700 });
    rmSync(path, { force: true });
    await promisify(execFile)("ssh-keygen", [
      "-q",
      "-t",
      "ed25519",
      "-N",
      "",
      "-C",
      "wikiferry-operator",
      "-f",
      path,
    ]);
  }
  return path;
}
