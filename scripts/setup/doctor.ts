import { statfs } from "node:fs/promises";
import { createServer } from "node:net";
import { $ } from "zx";
import { messageOf } from "../../engine/errors";
import { dockerClient, engineProblem } from "./docker";
import { imageFolders } from "./imageFolders";
import { packageVersion, projectDir, pulumiHome } from "./paths";
import { pluginNames, pluginState } from "./plugins";
import { engineDir, missingEngineFiles } from "./pulumi";
import { readRecord } from "./record";

/** One requirement of a rehearsal. */
export interface Finding {
  /** Stable name, such as `docker` or `port 8080`. */
  check: string;
  state: "ok" | "warn" | "fail";
  /** What was found. */
  found: string;
  /** What to do where the state is not ok. */
  remedy?: string;
}

const runSetup = "Run `npx tsx scripts/setup.ts`.";

/** The loopback ports of the rehearsal, and what listens there. */
export const ports: Record<number, string> = {
  8080: "the gate",
  8081: "blue's web server",
  2201: "blue-web's sshd",
  2202: "blue-db's sshd",
  2203: "blue-files' sshd",
  3307: "green's MariaDB",
  9999: "the gate's admin socket",
};

async function nodeVersion(): Promise<Finding> {
  const found = `Node ${process.versions.node}`;
  // @pulumi/pulumi needs 22 from version 3.249 on.
  if (Number(process.versions.node.split(".")[0]) >= 22) return { check: "node", state: "ok", found };
  return {
    check: "node",
    state: "fail",
    found,
    remedy: "Run it with npx or npm run, which take the project's own Node 24.",
  };
}

async function pulumi(): Promise<Finding> {
  const check = "pulumi";
  const missing = missingEngineFiles();
  if (missing.length > 0)
    return { check, state: "fail", found: `${engineDir()} lacks ${missing.join(", ")}`, remedy: runSetup };
  const wanted = `v${packageVersion("pulumi")}`;
  const answer = await $({
    nothrow: true,
    quiet: true,
    env: { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "1" },
  })`${engineDir()}/pulumi version`;
  const found = answer.stdout.trim();
  if (found === wanted) return { check, state: "ok", found };
  const remedy = `Remove ${engineDir()} and run \`npx tsx scripts/setup.ts\`.`;
  return { check, state: "fail", found: `${found || answer.stderr.trim()}, wanted ${wanted}`, remedy };
}

async function plugins(): Promise<Finding> {
  const check = "plugins";
  const states = pluginNames.map((name) => ({ name, state: pluginState(name) }));
  const found = states.map(({ name, state }) => `${name} (${state})`).join(", ");
  if (states.some(({ state }) => state === "missing" || state === "stale"))
    return { check, state: "fail", found, remedy: runSetup };
  return { check, state: "ok", found };
}

async function docker(): Promise<Finding> {
  const problem = await engineProblem();
  if (problem) return { check: "docker", state: "fail", found: `no answer: ${problem}`, remedy: runSetup };
  const { Version } = await dockerClient().version();
  return { check: "docker", state: "ok", found: `Docker ${Version}` };
}

async function images(): Promise<Finding> {
  const check = "images";
  const record = readRecord()?.images ?? {};
  const wanted = imageFolders(projectDir).map(({ service }) => service);
  const absent: string[] = [];
  for (const service of wanted) {
    const ref = record[service]?.ref;
    try {
      if (!ref) throw new Error("never built");
      await dockerClient().getImage(ref).inspect();
    } catch {
      absent.push(service);
    }
  }
  if (absent.length > 0)
    return { check, state: "fail", found: `not built: ${absent.join(", ")}`, remedy: runSetup };
  const bases = [...new Set(wanted.map((service) => record[service]?.base))];
  return { check, state: "ok", found: `${wanted.length} built on ${bases.join(", ")}` };
}

/** Free space for images, volumes and dumps of a rehearsal: 10 GB are plenty, below 3 GB it fails. */
async function disk(): Promise<Finding> {
  const folders = [projectDir, pulumiHome()];
  try {
    folders.push((await dockerClient().info()).DockerRootDir);
  } catch {
    // The finding about Docker reports that.
  }
  let least = { folder: projectDir, freeBytes: Number.POSITIVE_INFINITY };
  for (const folder of folders) {
    try {
      const { bavail, bsize } = await statfs(folder);
      if (bavail * bsize < least.freeBytes) least = { folder, freeBytes: bavail * bsize };
    } catch {
      // A folder that does not exist yet, or is on another machine (DOCKER_HOST), takes no space here.
    }
  }
  const gigabytes = least.freeBytes / 1e9;
  const found = `${gigabytes.toFixed(1)} GB free in ${least.folder}`;
  if (gigabytes >= 10) return { check: "disk", state: "ok", found };
  const remedy = "Free 10 GB there, for instance with `docker image prune`.";
  return { check: "disk", state: gigabytes >= 3 ? "warn" : "fail", found, remedy };
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

/** Loopback ports that containers of the rehearsal hold, by port. */
async function containerPorts(): Promise<Map<number, string>> {
  const held = new Map<number, string>();
  for (const container of await dockerClient().listContainers()) {
    const name = container.Names[0]?.replace(/^\//, "") ?? container.Id;
    for (const { PublicPort } of container.Ports) if (PublicPort) held.set(PublicPort, name);
  }
  return held;
}

async function loopbackPorts(): Promise<Finding[]> {
  const held = await containerPorts().catch(() => new Map<number, string>());
  return Promise.all(
    Object.entries(ports).map(async ([text, use]): Promise<Finding> => {
      const port = Number(text);
      const check = `port ${port}`;
      const holder = held.get(port);
      if (holder && /^(blue|green)-|-green-|-blue-/.test(holder))
        return { check, state: "ok", found: `${use} (${holder})` };
      if (await isFree(port)) return { check, state: "ok", found: `free, for ${use}` };
      const remedy = holder
        ? `Run \`docker stop ${holder}\`.`
        : `Find who listens with \`ss -ltnp 'sport = :${port}'\` and stop it.`;
      return {
        check,
        state: "fail",
        found: `taken by ${holder ?? "another program"}, wanted for ${use}`,
        remedy,
      };
    }),
  );
}

/** Every requirement of a rehearsal on this machine. Changes nothing. */
export async function examine(): Promise<Finding[]> {
  const checks = [nodeVersion, pulumi, plugins, docker, images, disk];
  const findings = await Promise.all(
    checks.map((check) =>
      check().catch(
        (error): Finding => ({ check: check.name, state: "fail", found: messageOf(error), remedy: runSetup }),
      ),
    ),
  );
  return [...findings, ...(await loopbackPorts())];
}

/** Prints the findings. Returns true where none failed. */
export async function runDoctor(json: boolean): Promise<boolean> {
  const findings = await examine();
  const healthy = findings.every(({ state }) => state !== "fail");
  if (json) {
    process.stdout.write(`${JSON.stringify({ ok: healthy, findings }, null, 2)}\n`);
    return healthy;
  }
  for (const { check, state, found, remedy } of findings) {
    process.stdout.write(`${state.padEnd(5)} ${check.padEnd(10)} ${found}\n`);
    if (remedy && state !== "ok") process.stdout.write(`${" ".repeat(17)}${remedy}\n`);
  }
  return healthy;
}
