import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Secrets, Side } from "../../engine/move";
import { deriveSecret } from "../../engine/secrets";
import { pids, read } from "../../scripts/common/proc";

const run = promisify(execFile);
const maxBuffer = 256 << 20;

/** Secrets that must not be found anywhere, by name. */
export function passwords(secrets: Secrets): Record<string, string> {
  const derived = (["mariadb-admin", "mariadb-replication", "redis", "gate-admin"] as const).map(
    (purpose) => [purpose, deriveSecret(secrets.masterSecret, purpose)],
  );
  // The middle of the key: its first and last lines are the same in every key.
  const keyLine = secrets.sshPrivateKey.split("\n").at(3) ?? secrets.sshPrivateKey;
  return { ...secrets, sshPrivateKey: keyLine, ...Object.fromEntries(derived) };
}

/** `<name of the password> in <place>` for each place whose text contains one. */
export function foundIn(places: Record<string, string>, secrets: Secrets): string[] {
  return Object.entries(passwords(secrets)).flatMap(([name, password]) =>
    Object.entries(places)
      .filter(([, text]) => text.includes(password))
      .map(([place]) => `${name} in ${place}`),
  );
}

/**
 * Arguments and environment of each process of this machine, including those in containers. Leaves out the environment
 * in which Pulumi passes the config, secrets included, to the program: that is Pulumi's own way, on the operator's
 * machine.
 */
export function processTexts(): string[] {
  return pids().flatMap((pid) => {
    const [command, environment] = ["cmdline", "environ"].map((file) =>
      read(() => readFileSync(`/proc/${pid}/${file}`, "utf8")),
    ) as [string, string];
    return environment.includes("PULUMI_CONFIG=") ? [command] : [command, environment];
  });
}

export function textsIn(directory: string): Record<string, string> {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return Object.fromEntries(
    files.map(({ parentPath, name }) => [
      join(parentPath, name),
      readFileSync(join(parentPath, name), "utf8"),
    ]),
  );
}

/** Names of a side's containers. */
export async function containersOf(side: Side): Promise<string[]> {
  const label = side === "green" ? "wikiferry.side=green" : "wikiferry.world=blue";
  const { stdout } = await run("docker", [
    "ps",
    "-a",
    "--filter",
    `label=${label}`,
    "--format",
    "{{.Names}}",
  ]);
  const names = stdout.split("\n").filter(Boolean);
  expect(names.length).toBeGreaterThan(2);
  return names;
}

const containers = async () => [...(await containersOf("blue")), ...(await containersOf("green"))];

/** Logs and settings of the containers of both sides, as Docker shows them. */
export async function containerTexts(): Promise<Record<string, string>> {
  const texts = (await containers()).map(async (name) => {
    const [logs, inspected] = await Promise.all([
      run("docker", ["logs", name], { maxBuffer }),
      run("docker", ["inspect", name], { maxBuffer }),
    ]);
    return [
      [`logs of ${name}`, `${logs.stdout}${logs.stderr}`],
      [`docker inspect ${name}`, inspected.stdout],
    ];
  });
  return Object.fromEntries((await Promise.all(texts)).flat());
}

/** What a service generates from its secrets, in its own tmpfs. */
const ownFiles = [/^green-redis-\w+ \/tmp\/redis\.conf$/, /^green-gate \/tmp\/gate\//];

/** Temporary files with a password in them, on both sides and on this machine: `<container> <path>`. */
export async function passwordsLeft(secrets: Secrets): Promise<string[]> {
  const patterns = Object.values(passwords(secrets)).join("\n");
  // The passwords arrive on standard input, or grep would find its own arguments.
  const grep = async (command: string, args: string[]) => {
    const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
    let found = "";
    child.stdout.on("data", (chunk) => (found += chunk));
    child.stdin.end(patterns);
    await once(child, "close");
    return found.split("\n").filter(Boolean);
  };
  const there = (await containers()).map(async (name) => {
    const args = ["-rlsF", "--exclude-dir=secrets", "-f", "-", "/tmp", "/var/tmp", "/dev/shm", "/run"];
    return (await grep("docker", ["exec", "-i", name, "grep", ...args])).map((path) => `${name} ${path}`);
  });
  const here = readdirSync("/tmp").filter((name) => /^(wikiferry|pulumi)-/.test(name));
  const local =
    here.length === 0 ? [] : await grep("grep", ["-rlsF", "-f", "-", ...here.map((it) => `/tmp/${it}`)]);
  return [...(await Promise.all(there)).flat(), ...local].filter(
    (place) => !ownFiles.some((own) => own.test(place)),
  );
}
