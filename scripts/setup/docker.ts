import { spawn } from "node:child_process";
import { existsSync, mkdirSync, openSync, readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";
import Docker from "dockerode";
import { sleep, which } from "zx";
import { messageOf, WikiferryError } from "../../engine/errors";
import { installPackages, onDebianAsRoot } from "./apt";
import { stateFile } from "./paths";
import { say, step } from "./say";
import { enginePidFiles, isHeld, removeStalePid } from "./stalePid";

/** A client of the engine that `DOCKER_HOST` names, or of the local socket. */
export const dockerClient = (): Docker => new Docker();

/** Why the engine doesn't answer, or undefined where it does. */
export async function engineProblem(): Promise<string | undefined> {
  try {
    await new Docker({ timeout: 5000 }).ping();
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

async function findDaemon(): Promise<string | undefined> {
  const onPath = await which("dockerd", { nothrow: true });
  return onPath ?? ["/usr/sbin/dockerd", "/usr/bin/dockerd", "/usr/local/bin/dockerd"].find(existsSync);
}

async function start(daemon: string): Promise<void> {
  const logFile = stateFile("dockerd.log");
  mkdirSync(dirname(logFile), { recursive: true });
  const log = openSync(logFile, "a");
  const logBegins = statSync(logFile).size;
  for (const [program, file] of Object.entries(enginePidFiles)) {
    const pid = removeStalePid(file, program);
    if (pid !== undefined) say(`removed ${file}: process ${pid} is not ${program}`);
  }
  const path = `${process.env.PATH}:/usr/local/sbin:/usr/sbin:/sbin`;
  const child = spawn(daemon, [], {
    detached: true,
    stdio: ["ignore", log, log],
    env: { ...process.env, PATH: path },
  });
  let ended: string | undefined;
  child.once("error", (error) => {
    ended = messageOf(error);
  });
  child.once("exit", (code, signal) => {
    ended = `it ended with ${signal ?? code}`;
  });
  await step("starting dockerd", async () => {
    const deadlineMs = Date.now() + 60_000;
    for (;;) {
      const problem = await engineProblem();
      if (!problem) break;
      // If someone else has just started one, ours does not run, and theirs will answer.
      const hopeless = ended !== undefined && !isHeld(enginePidFiles.dockerd, "dockerd");
      if (hopeless || Date.now() > deadlineMs)
        throw new WikiferryError(
          "SETUP_DOCKER",
          `${daemon} did not start: ${[ended ?? problem, lastWords(logFile, logBegins)].filter(Boolean).join(": ")}`,
          `See ${logFile}, start Docker by hand, then run this again.`,
        );
      await sleep(200);
    }
  });
  child.unref();
}

/** The last line of a log since byte `from`; empty where nothing was written. */
function lastWords(logFile: string, from: number): string {
  return readFileSync(logFile).subarray(from).toString("utf8").trimEnd().split("\n").at(-1) ?? "";
}

/** Ends with a Docker engine that answers, or reports in one sentence what is missing. */
export async function setUpDocker(): Promise<"running" | "started" | "installed"> {
  const problem = await engineProblem();
  if (!problem) return "running";
  const host = process.env.DOCKER_HOST;
  if (host)
    throw new WikiferryError(
      "SETUP_DOCKER",
      `DOCKER_HOST is ${host}, and no Docker engine answers there: ${problem}`,
      "Start it, or run `unset DOCKER_HOST` to use this machine's own.",
    );
  if (/EACCES/.test(problem))
    throw new WikiferryError(
      "SETUP_DOCKER",
      `Docker is running, but this account may not use it: ${problem}`,
      "Run `sudo usermod -aG docker $USER`, log in again, then run this again.",
    );
  const daemon = await findDaemon();
  if (daemon && process.getuid?.() === 0) {
    await start(daemon);
    return "started";
  }
  if (daemon)
    throw new WikiferryError(
      "SETUP_DOCKER",
      "Docker is installed and not running",
      "Start it with `sudo systemctl start docker`, then run this again.",
    );
  if (!onDebianAsRoot())
    throw new WikiferryError(
      "SETUP_DOCKER",
      "Docker is not installed, and installing it needs root on Debian or Ubuntu",
      "Run `sudo apt-get install docker.io` (elsewhere: https://docs.docker.com/engine/install), then run this again.",
    );
  await installPackages("docker.io", "iptables");
  // The package starts the engine itself where there is an init system.
  if (!(await engineProblem())) return "installed";
  const installed = await findDaemon();
  if (!installed)
    throw new WikiferryError(
      "SETUP_DOCKER",
      "The package docker.io is installed, and there is no dockerd",
      "Install Docker by hand (https://docs.docker.com/engine/install), then run this again.",
    );
  await start(installed);
  return "installed";
}
