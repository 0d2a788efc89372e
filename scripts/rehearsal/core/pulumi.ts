import { type ChildProcess, spawn } from "node:child_process";
import { copyFileSync, existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { WikiferryError } from "../../../engine/errors";
import { type Stage, stackName, stageEnvironment } from "../../common/stage";
import { projectDir } from "../../setup/paths";
import { processesUnder } from "./processes";
import { type PassingRefusal, passingRefusal } from "./refusal";

export interface PulumiRun {
  exitCode: number;
  /** All that it printed, both streams. */
  output: string;
  ms: number;
}

/** How often a run that was refused is tried again, and after how long. */
const refusedTries = 4;
const refusedPauseMs = 10_000;

const upArgs = ["up", "--yes", "--skip-preview", "--suppress-outputs"];

/** The Pulumi engine on the rehearsal's stack, with the commands that people type. */
export class Pulumi {
  private child: ChildProcess | undefined;

  constructor(
    private readonly stage: Stage,
    /** Gets each line as it is printed. */
    private readonly onLine: (line: string) => void = () => {},
  ) {}

  /**
   * `pulumi up`: applies the config. Waits and tries again after a refusal that passes by itself, as an owner would, and
   * reports it to `onRefusal` with the time of the next attempt.
   * @throws `PULUMI_UP`
   */
  async up(onRefusal: (refusal: PassingRefusal, next: string) => void = () => {}): Promise<PulumiRun> {
    for (let attempt = 1; ; attempt++) {
      await this.clearInterrupted();
      const result = await this.run(upArgs);
      if (result.exitCode === 0) return result;
      const refusal = passingRefusal(result.output);
      if (!refusal || attempt > refusedTries) throw upFailed(result);
      onRefusal(refusal, `again in ${refusedPauseMs / 1000} s, ${attempt} of ${refusedTries}`);
      await sleep(refusedPauseMs);
    }
  }

  /** `pulumi up` of what can't come up; says whether a container that does not get healthy is why it failed. */
  async fail(): Promise<boolean> {
    const { exitCode, output } = await this.run(upArgs);
    return exitCode !== 0 && /should be healthy within/.test(output);
  }

  /** A second `pulumi up`, which should find nothing to do; says whether that is so. */
  async upAgain(): Promise<PulumiRun & { unchanged: boolean }> {
    const result = await this.run([...upArgs, "--expect-no-changes"]);
    return { ...result, unchanged: result.exitCode === 0 };
  }

  /**
   * `pulumi preview`, as an owner looks before each step; its predictions come to `estimatesFile` as a line of JSON. A
   * refusal is returned, not thrown.
   */
  preview(estimatesFile: string): Promise<PulumiRun> {
    return this.run(["preview", "--suppress-outputs"], undefined, { WIKIFERRY_ESTIMATES: estimatesFile });
  }

  /** Makes the stack, with a key of its own for its secrets. @throws `PULUMI_INIT` */
  async init(): Promise<void> {
    // `stack init` writes beside Pulumi.yaml whatever the config file is: here that is the stage's own.
    const project = join(this.stage.directory, "Pulumi.yaml");
    copyFileSync(join(projectDir, "Pulumi.yaml"), project);
    const args = ["stack", "init", stackName, "--cwd", this.stage.directory];
    try {
      const result = await this.run(args);
      if (result.exitCode !== 0) throw failed("PULUMI_INIT", args, result);
    } finally {
      rmSync(project);
    }
  }

  /** `pulumi config set --path`. */
  async set(key: string, value: string, options: { secret?: boolean } = {}): Promise<void> {
    const args = ["config", "set", "--path", key, ...(options.secret ? ["--secret"] : [])];
    // The value goes by standard input: a process's arguments are for all to see.
    const result = await this.run(args, value);
    if (result.exitCode !== 0) throw failed("PULUMI_CONFIG", args, result);
  }

  /**
   * Clears what a killed run leaves behind: a lock, and operations whose outcome is unknown. Every step can be
   * repeated, so those are simply forgotten.
   */
  async clearInterrupted(): Promise<void> {
    const exported = await this.run(["stack", "export"]);
    const state = JSON.parse(exported.output.slice(exported.output.indexOf("{"))) as {
      deployment: { pending_operations?: unknown[] };
    };
    const locked = existsSync(join(fileURLToPath(this.stage.backendUrl), ".pulumi", "locks"));
    if (locked) await this.run(["cancel", "--yes"]);
    if ((state.deployment.pending_operations ?? []).length === 0) return;
    delete state.deployment.pending_operations;
    await this.run(["stack", "import"], JSON.stringify(state));
  }

  /** Runs a command to its end; a failure is returned, not thrown. */
  run(args: string[], stdin?: string, env: Record<string, string> = {}): Promise<PulumiRun> {
    const startedMs = Date.now();
    return new Promise((resolve, reject) => {
      const [program, ...words] = givesWay() ? ["nice", "pulumi"] : ["pulumi"];
      const child = spawn(program as string, [...words, ...args, "--non-interactive", "--color", "never"], {
        cwd: projectDir,
        env: { ...process.env, ...stageEnvironment(this.stage), ...env },
        stdio: [stdin === undefined ? "ignore" : "pipe", "pipe", "pipe"],
        // A group of its own: a Ctrl-C in the terminal reaches it once, by `passOn`.
        detached: true,
      });
      if (child.pid !== undefined && givesWay()) giveWay(child.pid);
      this.child = child;
      let stopped = false;
      const passOn = () => {
        stopped = true;
        this.kill("SIGINT");
      };
      process.once("SIGINT", passOn);
      process.once("SIGTERM", passOn);
      const lines: string[] = [];
      for (const stream of [child.stdout, child.stderr]) {
        createInterface({ input: stream as NodeJS.ReadableStream }).on("line", (line) => {
          lines.push(line);
          this.onLine(line);
        });
      }
      child.stdin?.end(stdin);
      child.on("error", reject);
      child.on("close", (code) => {
        this.child = undefined;
        process.off("SIGINT", passOn);
        process.off("SIGTERM", passOn);
        if (stopped) reject(stoppedByHand());
        else resolve({ exitCode: code ?? -1, output: lines.join("\n"), ms: Date.now() - startedMs });
      });
    });
  }

  /** Processes of the run under way: the CLI, which is the engine, the program and every provider. */
  processes(): number[] {
    return this.child?.pid === undefined ? [] : [...processesUnder(this.child.pid).keys()];
  }

  /** Sends a signal to the engine of the run under way, and to no provider: those are groups of their own. */
  kill(signal: NodeJS.Signals): void {
    if (this.child?.pid === undefined) return;
    try {
      process.kill(-this.child.pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}

/**
 * Whether `pulumi` leaves the processors to the servers where they are short, so that what people feel is judged without
 * it. WIKIFERRY_GIVE_WAY=no is for tests, which share them with other tests and must come to an end.
 */
function givesWay(): boolean {
  return process.env.WIKIFERRY_GIVE_WAY !== "no";
}

/**
 * Lets a session of processes give way to the servers where processors are short, as `nice` alone does not where Linux
 * shares them by session first (sched(7), autogroups). The tool's place is a machine of its own, such as a CI runner;
 * here it shares one with both sides.
 */
function giveWay(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/autogroup`, "10");
  } catch {
    // This system has no such groups, or the command has ended.
  }
}

function stoppedByHand(): WikiferryError {
  return new WikiferryError(
    "REHEARSAL_STOPPED",
    "the rehearsal was told to stop",
    "Everything keeps running: `npm run clean` removes it, another rehearsal starts over",
  );
}

/** The error of a failed `pulumi up`. */
function upFailed(result: PulumiRun): WikiferryError {
  return failed("PULUMI_UP", upArgs, result);
}

function failed(code: string, args: string[], { exitCode, output }: PulumiRun): WikiferryError {
  const tail = output.trim().split("\n").slice(-25).join("\n");
  return new WikiferryError(
    code,
    `\`pulumi ${args.join(" ")}\` ended with exit code ${exitCode}:\n${tail}\n`,
    "Mend what it names and run it again; a run that was cut off is taken up by the next",
  );
}
