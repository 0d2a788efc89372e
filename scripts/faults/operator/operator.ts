import { type ChildProcess, spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { OperatorEnd, OperatorLine, OperatorOrder } from "./order";

/** The tool in a separate process, which can be killed, stopped and continued like any other. */
export class Operator {
  /** What it reported, and when, in milliseconds since 1970. */
  readonly said: { at: number; text: string }[] = [];
  /** How it ended, as it reported itself; undefined if it was killed. */
  end: OperatorEnd | undefined;
  /** When the process is gone. */
  readonly exited: Promise<void>;
  /** When it has reached the point of its order; never if it does not reach it. */
  readonly halted: Promise<void>;
  private readonly process: ChildProcess;
  private errors = "";
  private gone = false;

  /** Starts the process, which then waits for `order`. Starting takes about a second, so it can be done ahead. */
  constructor(readonly name: string) {
    this.process = spawn(process.execPath, ["--import", "tsx", join(__dirname, "process.ts")], {
      stdio: ["pipe", "ignore", "pipe", "pipe"],
    });
    this.process.stdin?.on("error", () => {});
    this.process.stderr?.on("data", (piece: Buffer) => {
      this.errors += piece;
    });
    let halt = () => {};
    this.halted = new Promise((resolve) => (halt = resolve));
    const read = createInterface({ input: this.process.stdio[3] as Readable });
    read.on("line", (text) => {
      const line = JSON.parse(text) as OperatorLine;
      if ("ended" in line) this.end = line.ended;
      if ("halted" in line) halt();
      this.said.push({ at: line.at, text: describe(line) });
    });
    const closed = new Promise((resolve) => read.once("close", resolve));
    const ended = new Promise((resolve) => this.process.once("exit", resolve));
    this.exited = Promise.all([closed, ended]).then(() => {
      this.gone = true;
      if (this.errors && !this.end) this.said.push({ at: Date.now(), text: this.errors.slice(-1_000) });
    });
  }

  order(order: OperatorOrder): void {
    this.process.stdin?.end(JSON.stringify(order));
  }

  get alive(): boolean {
    return !this.gone;
  }

  /** How it ended, in words. */
  get ending(): string {
    if (!this.end) return this.gone ? "killed" : "under way";
    return this.end.outcome === "failed" ? this.end.message : this.end.outcome;
  }

  /** Waits until a process that is about to stop itself has stopped: a SIGCONT before that would come too early. */
  async standsStill(): Promise<void> {
    for (let turn = 0; turn < 500 && !this.gone; turn++) {
      const stat = await readFile(`/proc/${this.process.pid}/stat`, "utf8").catch(() => "");
      if (/\) T /.test(stat)) return;
      await sleep(2);
    }
  }

  continue(): void {
    this.process.kill("SIGCONT");
  }

  async kill(): Promise<void> {
    this.process.kill("SIGKILL");
    await this.exited;
  }
}

function describe(line: OperatorLine): string {
  if ("said" in line) return line.said;
  if ("halted" in line) return `— halted at "${line.halted}"`;
  return `— ${line.ended.outcome === "failed" ? `failed: ${line.ended.message}` : line.ended.outcome}`;
}
