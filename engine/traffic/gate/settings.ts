import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import tar from "tar-stream";
import { WikiferryError } from "../../errors";
import type { ContainerRef } from "../../move";
import { execInContainer } from "../../runtime/docker/exec";
import type { SshPool } from "../../runtime/ssh/pool";

/** Settings by name, as the head of `components/gate/image/entrypoint.sh` lists them. */
export type GateSettings = Readonly<Record<string, string>>;

/** Text of each file of the gate's program, by name. */
export type GateProgram = Readonly<Record<string, string>>;

/** What is in effect in the gate and what its volume holds, each a SHA-256 of program and settings. */
export interface GateStanding {
  inForce: string;
  kept: string;
}

const folder = join(__dirname, "../../../components/gate/image");

export function gateProgram(): GateProgram {
  const names = readdirSync(folder).filter((name) => name !== "Dockerfile");
  return Object.fromEntries(names.sort().map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}

/** The file `settings`, one line for each. Pure. */
export function settingsFile(settings: GateSettings): string {
  return Object.entries(settings)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}\n`)
    .join("");
}

/** What `entrypoint.sh show` prints once they are in effect. Pure. */
export function hashOfGate(program: GateProgram, settings: GateSettings): string {
  const hash = createHash("sha256");
  for (const name of Object.keys(program).sort()) hash.update(program[name] ?? "");
  return hash.update(settingsFile(settings)).digest("hex");
}

// What is in the container's image may be older than this tool, so this relies on a shell and tar only.
const applying = [
  "sh",
  "-c",
  `set -eu; umask 077
next=$(mktemp -d /tmp/next.XXXXXX)
trap 'rm -rf "$next"' EXIT
tar -x -C "$next" -f -
bash "$next/entrypoint.sh" apply`,
];

const showing = ["sh", "-c", "bash /tmp/gate/in-force/entrypoint.sh show 2>/dev/null || echo none none"];

/**
 * Puts program and settings into effect without closing a connection, and onto the gate's volume. If the gate refuses
 * them nothing changes: it continues with what it had.
 * @throws `GATE_SETTINGS` and as `execInContainer`
 */
export async function applyToGate(
  gate: ContainerRef,
  program: GateProgram,
  settings: GateSettings,
  pool: SshPool,
): Promise<GateStanding> {
  const files = { ...program, settings: settingsFile(settings) };
  const { exitCode, stderr } = await execInContainer(gate, applying, pool, { stdin: await packed(files) });
  const wanted = hashOfGate(program, settings);
  const standing = await gateStanding(gate, pool);
  if (exitCode === 0 && standing.inForce === wanted && standing.kept === wanted) return standing;
  const why = stderr.trim().replaceAll("wikiferry-gate: ", "").slice(0, 800);
  throw new WikiferryError(
    "GATE_SETTINGS",
    `the gate does not accept its settings (${why || `exit code ${exitCode}`})`,
    "Correct what it names and run `pulumi up` again. The gate continues to serve with its previous settings",
  );
}

/** Never writes. @throws as `execInContainer` */
export async function gateStanding(gate: ContainerRef, pool: SshPool): Promise<GateStanding> {
  const { stdout } = await execInContainer(gate, showing, pool);
  const [inForce = "none", kept = "none"] = stdout.trim().split(" ");
  return { inForce, kept };
}

async function packed(files: Record<string, string>): Promise<Buffer> {
  const pack = tar.pack();
  for (const [name, text] of Object.entries(files)) pack.entry({ name, mode: 0o600 }, text);
  pack.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of pack) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
