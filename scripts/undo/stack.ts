import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { WikiferryError } from "../../engine/errors";
import type { Stack } from "../common/stack";
import { projectDir } from "../setup/paths";
import { emptied, isPromise, resourcesOf, type StackState, withoutCopy, withoutPromises } from "./state";

/** A stack's own state, changed with the commands that people type. */
export class StackRecord {
  constructor(
    private readonly stack: Pick<Stack, "environment" | "selection">,
    private readonly say: (line: string) => void,
  ) {}

  /** @throws `UNDO_PULUMI` */
  async state(): Promise<StackState> {
    const output = await this.run(["stack", "export"], { quiet: true });
    return JSON.parse(output) as StackState;
  }

  /** Removes the resources between blue and green from it. */
  async forgetPromises(unprotect: boolean): Promise<void> {
    const state = await this.state();
    const kept =
      resourcesOf(state).some(isPromise) || (unprotect && resourcesOf(state).some((it) => it.protect));
    const pending = (state.deployment.pending_operations ?? []).length > 0;
    if (kept || pending) await this.write(withoutPromises(state, unprotect));
  }

  async forgetCopy(): Promise<void> {
    await this.write(withoutCopy(await this.state()));
  }

  /** Forgets everything, without asking any server. */
  async empty(): Promise<void> {
    await this.write(emptied(await this.state()));
  }

  /** Removes what is left: green. Says each line as it comes. @throws `UNDO_PULUMI` */
  async destroy(): Promise<void> {
    if (resourcesOf(await this.state()).length === 0) return;
    await this.run(["destroy", "--yes", "--skip-preview", "--suppress-outputs"], { quiet: false });
  }

  private async write(state: StackState): Promise<void> {
    await this.run(["stack", "import"], { quiet: true, stdin: JSON.stringify(state) });
  }

  /** Runs a command to its end and returns its standard output. @throws `UNDO_PULUMI` with its last lines */
  private run(args: string[], options: { quiet: boolean; stdin?: string }): Promise<string> {
    const all = [...args, ...this.stack.selection, "--non-interactive", "--color", "never"];
    return new Promise((resolve, reject) => {
      const child = spawn("pulumi", all, {
        cwd: projectDir,
        env: this.stack.environment,
        stdio: [options.stdin === undefined ? "ignore" : "pipe", "pipe", "pipe"],
      });
      const output: string[] = [];
      const complaint: string[] = [];
      const listen = (stream: NodeJS.ReadableStream, into: string[]) =>
        createInterface({ input: stream }).on("line", (line) => {
          into.push(line);
          if (!options.quiet && line.trim() !== "") this.say(line);
        });
      listen(child.stdout as NodeJS.ReadableStream, output);
      listen(child.stderr as NodeJS.ReadableStream, complaint);
      child.stdin?.end(options.stdin);
      child.on("error", reject);
      child.on("close", (code) => {
        if (code === 0) resolve(output.join("\n"));
        else reject(failed(args, code ?? -1, [...complaint, ...(options.quiet ? [] : output)]));
      });
    });
  }
}

function failed(args: string[], exitCode: number, lines: string[]): WikiferryError {
  const said = lines.filter((line) => /error|lock/i.test(line));
  const tail = (said.length > 0 ? said : lines).slice(-6).join("; ").replace(/\s+/g, " ").slice(0, 600);
  const locked = /locked by/.test(tail);
  return new WikiferryError(
    "UNDO_PULUMI",
    `\`pulumi ${args.slice(0, 2).join(" ")}\` ended with exit code ${exitCode} (${tail})`,
    locked
      ? "Another run works on the stack, or one was killed: let it end, or `npx pulumi cancel`; then run this again"
      : "Fix what it names and run this again. What is done already is not repeated. If green's host is gone for good: --forget-green",
  );
}
