import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { promisify } from "node:util";
import { utils } from "ssh2";
import { WikiferryError } from "../../engine/errors";
import type { SshTarget } from "../../engine/move";
import { fingerprint } from "../../engine/runtime/ssh/connection";
import { scanHostKey } from "../../engine/runtime/ssh/scanHostKey";

/** A host on the command line, before its key is known. */
export type NamedHost = Pick<SshTarget, "host" | "port" | "user">;

/** `web.example.org`, `root@web.example.org:2222`, `root@[2001:db8::1]:22`. The user defaults to root. @throws `SSH_TARGET` */
export function parseTarget(text: string): NamedHost {
  const found = /^(?:([^@\s]+)@)?(\[[0-9a-fA-F:.]+\]|[^:@\s/]+)(?::(\d{1,5}))?$/.exec(text);
  const port = Number(found?.[3] ?? 22);
  if (!found || port < 1 || port > 65_535)
    throw new WikiferryError(
      "SSH_TARGET",
      `${JSON.stringify(text)} is no SSH target`,
      "Give it as USER@HOST or USER@HOST:PORT, such as root@web.example.org",
    );
  return { user: found[1] ?? "root", host: (found[2] ?? "").replace(/^\[|\]$/g, ""), port };
}

const keyFiles = ["id_ed25519", "id_ecdsa", "id_rsa"];

/**
 * The file with the operator's private key: the given one, else the first of ~/.ssh that has no passphrase.
 * @throws `SSH_KEY`
 */
export function findKeyFile(given?: string): { file: string; key: string } {
  const files = given === undefined ? keyFiles.map((name) => join(homedir(), ".ssh", name)) : [given];
  for (const file of files.filter((it) => existsSync(it))) {
    const key = readFileSync(file, "utf8");
    if (!(utils.parseKey(key) instanceof Error)) return { file, key };
  }
  throw new WikiferryError(
    "SSH_KEY",
    given === undefined
      ? "there is no private SSH key without a passphrase in ~/.ssh"
      : `${given} is no private SSH key without a passphrase`,
    "Create one with `ssh-keygen -t ed25519 -N '' -f FILE`, add FILE.pub to each host's authorized_keys, and name it by --key FILE",
  );
}

/** The key that the operator's known_hosts has for a host; undefined for a new one. */
export async function knownHostKey({ host, port }: NamedHost): Promise<string | undefined> {
  const name = port === 22 ? host : `[${host}]:${port}`;
  const { stdout } = await promisify(execFile)("ssh-keygen", ["-F", name]).catch(() => ({ stdout: "" }));
  const lines = stdout
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#") && !line.startsWith("@"));
  const keys = lines.map((line) => line.split(" ").slice(1, 3).join(" "));
  return keys.find((key) => key.startsWith("ssh-ed25519 ")) ?? keys[0];
}

/**
 * A host with its key: the one that known_hosts has, else the one that it shows now, once somebody has confirmed it.
 * @param accept Takes new keys without asking.
 * @throws `SSH_HOST_KEY_NEW`, `SSH_UNREACHABLE`
 */
export async function withHostKey(named: NamedHost, accept: boolean): Promise<SshTarget> {
  const known = await knownHostKey(named);
  if (known !== undefined) return { ...named, hostKey: known };
  const hostKey = await scanHostKey(named.host, named.port);
  const shown = fingerprint(hostKey.split(" ")[1] ?? "");
  const found = `${named.host}:${named.port} shows the host key ${shown}, which is not in known_hosts`;
  if (accept) process.stderr.write(`${found}; accepted\n`);
  else await confirmKey(found);
  return { ...named, hostKey };
}

async function confirmKey(found: string): Promise<void> {
  const remedy =
    "Compare it with what the host itself shows (`ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` on its console), then confirm it, or run this with --accept-host-keys";
  if (!process.stdin.isTTY || !process.stderr.isTTY)
    throw new WikiferryError("SSH_HOST_KEY_NEW", found, remedy);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal
    .question(`${found}. Is it that host's? [y/N] `)
    .finally(() => terminal.close());
  if (!/^y(es)?$/i.test(answer.trim())) throw new WikiferryError("SSH_HOST_KEY_NEW", found, remedy);
}
