import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { ChildEvent, ChildOrder } from "./order";

/** The tool as a process that can be killed. */
export class Tool {
  readonly events: ChildEvent[] = [];
  private readonly process: ChildProcess;
  private readonly exited: Promise<unknown>;
  private ended = false;
  private readonly listeners = new Set<() => void>();

  constructor(order: ChildOrder) {
    this.process = spawn(process.execPath, ["--require", "tsx/cjs", join(__dirname, "child.ts")], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const lines = createInterface({ input: this.process.stdout as NodeJS.ReadableStream });
    lines.on("line", (line) => {
      this.events.push(JSON.parse(line) as ChildEvent);
      for (const listener of [...this.listeners]) listener();
    });
    this.exited = Promise.all([once(this.process, "exit"), once(lines, "close")]).then(() => {
      this.ended = true;
      for (const listener of [...this.listeners]) listener();
    });
    this.process.stdin?.on("error", () => {});
    this.process.stdin?.end(JSON.stringify(order));
  }

  /** Returns once `is` has arrived, or the process has ended without it, and says which. */
  until(is: (event: ChildEvent) => boolean): Promise<boolean> {
    return new Promise((resolve) => {
      const look = () => {
        const found = this.events.some(is);
        if (!found && !this.ended) return;
        this.listeners.delete(look);
        resolve(found);
      };
      this.listeners.add(look);
      look();
    });
  }

  async kill(): Promise<void> {
    this.process.kill("SIGKILL");
    await this.exited;
  }

  /** Waits for its end. Returns why it failed, or undefined. */
  async end(): Promise<string | undefined> {
    await this.exited;
    const failed = this.events.find((event) => event.kind === "failed");
    if (failed) return (failed as { message: string }).message;
    return this.process.exitCode === 0 ? undefined : `it ended with ${this.process.exitCode ?? "a signal"}`;
  }
}
