import { execFile, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { readCheckpoint } from "../../engine/control/mariadb/checkpoint";
import { readRole } from "../../engine/control/mariadb/role";
import { replicationStatus } from "../../engine/movers/mariadb/replication/status";
import { silent } from "../../engine/progress";
import { openMoveSession } from "../../engine/session";
import { run } from "../../scripts/common/docker";
import { readWikiConfig } from "../../scripts/common/stackConfig";
import { freshStage, stageAt, stageEnvironment } from "../../scripts/common/stage";
import { Pulumi } from "../../scripts/rehearsal/core/pulumi";
import { configure } from "../../scripts/rehearsal/worlds/mediawiki/configure";
import { greenThings, removeGreen } from "../../scripts/rehearsal/worlds/mediawiki/green";
import { judge } from "../../scripts/rehearsal/worlds/mediawiki/judge";
import { startLoad, type WikiLoad } from "../../scripts/rehearsal/worlds/mediawiki/load/client";
import { ensureWorld } from "../../scripts/rehearsal/worlds/mediawiki/oldSite/index";
import { projectDir } from "../../scripts/setup/paths";
import { until } from "../support/until";
import { passwordsLeft } from "./secrets";

const gateUrl = "http://127.0.0.1:8080";
const stage = stageAt();
let lines: string[] = [];
const pulumi = new Pulumi(stage, (line) => lines.push(line));
let load: WikiLoad;

const lives = (pid: number) => existsSync(`/proc/${pid}`);
const commandOf = (pid: number) => (lives(pid) ? readFileSync(`/proc/${pid}/cmdline`, "utf8") : "");

/**
 * Starts `pulumi up`, kills it as soon as it prints `sign`, and returns what it had printed, once its provider has
 * ended.
 */
async function upKilledAt(sign: string, killed: "all of it" | "the engine alone"): Promise<string> {
  lines = [];
  const running = pulumi.run(["up", "--yes", "--skip-preview"]);
  let processes: number[] = [];
  // Looked up before the sign: a flip takes less time than the lookup.
  const looking = setInterval(() => {
    processes = pulumi.processes();
  }, 300);
  try {
    for (;;) {
      if (lines.some((line) => line.includes(sign))) break;
      const ended = await Promise.race([running, sleep(10)]);
      if (ended) throw new Error(`pulumi up ended without ${sign}:\n${ended.output}`);
    }
  } finally {
    clearInterval(looking);
  }
  pulumi.kill("SIGKILL");
  if (killed === "all of it") for (const pid of processes.filter(lives)) process.kill(pid, "SIGKILL");
  const provider = processes.find((pid) => commandOf(pid).includes("dynamic-provider"));
  const { exitCode, output } = await running;
  expect(exitCode).not.toBe(0);
  if (killed === "the engine alone") {
    expect(provider).toBeDefined();
    await until("the end of the provider", async () => !lives(provider as number), 60_000);
  }
  return output;
}

/** What is left on blue goes with the session that holds it, which ends with the tool. */
async function noPasswordLeft(): Promise<void> {
  const { secrets } = await readWikiConfig(pulumi);
  await until(
    "no password in a temporary file",
    async () => (await passwordsLeft(secrets)).length === 0,
    30_000,
  );
}

/** Names of the resources that `pulumi up` would touch, were a key of the config set to `value`. */
async function touchedBy(key: string, value: string): Promise<string[]> {
  await pulumi.set(key, value);
  try {
    const args = ["preview", "--json", "--suppress-outputs", "--non-interactive"];
    const { stdout } = await promisify(execFile)("pulumi", args, {
      cwd: projectDir,
      env: { ...process.env, ...stageEnvironment(stage) },
      maxBuffer: 64 << 20,
    });
    const { steps } = JSON.parse(stdout) as { steps: { op: string; urn: string }[] };
    const touched = steps.filter(({ op }) => op !== "same").map(({ urn }) => urn.split("::").pop() ?? urn);
    return [...new Set(touched)].sort();
  } finally {
    expect((await pulumi.run(["config", "rm", "--path", key])).exitCode).toBe(0);
  }
}

/** Runs a command of package.json as people type it. Returns its standard output. */
async function npmRun(...args: string[]): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  try {
    const answer = await promisify(execFile)("npm", ["run", "--silent", ...args], { cwd: projectDir });
    return { exitCode: 0, ...answer };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { exitCode: code, stdout, stderr };
  }
}

/** What the move may put on blue's hosts, which are containers here. */
async function traces(): Promise<string> {
  const files = ["blue-db", "blue-web", "blue-files"].map((host) =>
    run(host, [
      "sh",
      "-c",
      "cat /root/.ssh/authorized_keys; find /etc/mysql /tmp /root/.ssh 2>/dev/null | grep -i wikiferry | grep -v wikiferry-operator; true",
    ]),
  );
  const database = run("blue-db", [
    "mariadb",
    "-Ne",
    "SELECT User FROM mysql.user WHERE User LIKE 'wikiferry%'; SHOW DATABASES LIKE 'wikiferry%'; SELECT CONCAT('read_only=', @@read_only)",
  ]);
  return (await Promise.all([...files, database])).join("");
}

async function standing() {
  const { spec, secrets } = await readWikiConfig(pulumi);
  const move = openMoveSession(spec, secrets, silent);
  try {
    const [role, green, blue] = await Promise.all([
      readRole(move.blue),
      replicationStatus(move.green),
      replicationStatus(move.blue),
    ]);
    return { primary: role?.role, greenFollows: green?.sql === true, blueFollows: blue?.sql === true };
  } finally {
    await move.close();
  }
}

async function copiedAt(): Promise<string | undefined> {
  const { spec, secrets } = await readWikiConfig(pulumi);
  const move = openMoveSession(spec, secrets, silent);
  try {
    return (await readCheckpoint(move.green, "copy"))?.updatedAt;
  } finally {
    await move.close();
  }
}

describe("a killed run", () => {
  beforeAll(async () => {
    await removeGreen();
    const world = await ensureWorld({ pages: 100, files: 20, fresh: true });
    freshStage(stage);
    await configure(stage, world, pulumi);
    await pulumi.up();
    load = await startLoad({
      target: world.wikiUrl,
      serverUrl: world.wiki.serverUrl,
      editors: world.editors.slice(0, 4),
      editsPerSecond: 3,
      viewsPerSecond: 2,
      minutes: 60,
      historyFile: join(stage.directory, "killed-history.jsonl"),
      requestsFile: join(stage.directory, "killed-requests.jsonl"),
    });
  });

  afterAll(async () => {
    await load?.stop();
    await removeGreen();
  });

  test("pulumi up whose engine is killed during the copy leaves no provider behind, and reaches the wanted state when it is run again", async () => {
    await pulumi.set("phase", "sync");
    await upKilledAt("[copy]", "the engine alone");
    await noPasswordLeft();
    await pulumi.up();
    expect(await standing()).toEqual({ primary: "blue", greenFollows: true, blueFollows: false });
    expect((await pulumi.upAgain()).unchanged).toBe(true);
  });

  test("one command lets the database be copied again, and pulumi up reaches the wanted state", async () => {
    const before = await copiedAt();
    expect(await npmRun("copy:again", "--", "--yes")).toMatchObject({ exitCode: 0 });
    expect(await copiedAt()).toBeUndefined();
    await pulumi.up();
    expect(await copiedAt()).not.toBe(before);
    expect(await standing()).toEqual({ primary: "blue", greenFollows: true, blueFollows: false });
    expect((await pulumi.upAgain()).unchanged).toBe(true);
  });

  test("pulumi up killed in the cutover before the commit reaches the wanted state when it is run again, and nothing is lost", async () => {
    await pulumi.set("phase", "switch");
    await pulumi.up();
    await load.retarget(gateUrl);
    await pulumi.set("active", "green");
    let output = await upKilledAt("[hold the writes]", "all of it");
    // The whole flip may be over before its sign is noticed here.
    for (let tries = 1; output.includes("committed as") && tries < 4; tries++) {
      await pulumi.up();
      await pulumi.set("active", "blue");
      await pulumi.up();
      await pulumi.set("active", "green");
      output = await upKilledAt("[hold the writes]", "all of it");
    }
    expect(output).not.toContain("committed as");
    await noPasswordLeft();
    await pulumi.up();
    expect(await standing()).toEqual({ primary: "green", greenFollows: false, blueFollows: true });
    expect((await pulumi.upAgain()).unchanged).toBe(true);
    await load.stop();
    const { edits, uploads } = await judge({ historyFile: load.historyFile, base: gateUrl });
    expect(edits.acknowledged).toBeGreaterThan(50);
    expect(edits).toMatchObject({ lost: 0, doubled: 0, altered: 0 });
    expect(uploads).toMatchObject({ lost: 0, doubled: 0, altered: 0 });
  });

  test("a change of the config touches the resources that use it, and no other", async () => {
    expect(await touchedBy("tuning.cutover.drainMs", "1500")).toEqual(["migration-primary"]);
    expect(await touchedBy("tuning.verify.sessions", "3")).toEqual(["migration-verification"]);
    expect(await touchedBy("copy.maxBytesPerSecond", "50000000")).toEqual(["migration-copy"]);
    // The memory of a web container follows from its workers. The gate learns where its replacement is.
    expect(await touchedBy("green.web.workers", "7")).toEqual([
      "green-gate-settings",
      "green-mediawiki-jobs",
      "green-mediawiki-jobs-processes",
      "green-mediawiki-web",
      "green-mediawiki-web-processes",
    ]);
    expect((await pulumi.upAgain()).unchanged).toBe(true);
  });

  test("undo refuses while green takes the edits, and while the gate may carry people; then nothing is left, killed on the way or not", async () => {
    const refused = async (...args: string[]) =>
      JSON.parse((await npmRun("undo", "--", "--json", ...args)).stdout).error.code;
    expect(await refused("--dry-run")).toBe("UNDO_GREEN_ACTIVE");
    await pulumi.set("active", "blue");
    await pulumi.up();
    expect(await refused("--dry-run")).toBe("UNDO_GATE_SERVES");
    const onBlue = ["--traffic-on-blue", "rehearsal"];
    expect(await refused(...onBlue)).toBe("UNDO_NOT_CONFIRMED");

    const killed = spawn("npm", ["run", "undo", "--", "--yes", ...onBlue], {
      cwd: projectDir,
      detached: true,
      stdio: ["ignore", "ignore", "pipe"],
    });
    for await (const line of createInterface({ input: killed.stderr }))
      if (line.includes("settings file (")) break;
    process.kill(-(killed.pid as number), "SIGKILL");

    const undone = await npmRun("undo", "--", "--json", "--yes", "--restart", "--remove-replaced", ...onBlue);
    expect(JSON.parse(undone.stdout)).toMatchObject({ ok: true, left: [], untilRestart: [] });
    const left = await traces();
    expect(left).not.toMatch(/wikiferry(?!-operator)/);
    expect(left).toMatch(/read_only=(0|OFF)/);
    const state = await pulumi.run(["stack", "export"]);
    expect(JSON.parse(state.output).deployment.resources ?? []).toEqual([]);
    const things = await greenThings();
    expect([...new Set(things.map(({ kind }) => kind))]).toEqual(["volume"]);
    expect(await npmRun("undo", "--", "--yes", ...onBlue)).toMatchObject({ exitCode: 0 });
  });
});
