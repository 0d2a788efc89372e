import { type ChildProcess, fork } from "node:child_process";

/**
 * V8's flags for a process whose answers are timed. Small collections of garbage, by the thread itself: by default V8
 * takes four threads for one, and on two processors everything else waits for them, a page view up to 50 ms, with a flip
 * or without. And no large one, which takes 25 to 55 ms: a web app leaves 1 MB a second at 500 writes/s, and V8 begins
 * to mark for a large one at 512 MB, whatever the room, unless it must not mark in steps; and again at 64 MB of buffers
 * outside its heap, unless they count as part of it. So a process that reads much grows with what it reads: never for
 * one whose memory is measured. (Asked for between flips, large ones made page views over 2 ms four times as frequent in
 * flips.) Of new objects 1 MB at a time: 0.5 ms, where 4 MB took 2.
 */
export const collectQuietly: readonly string[] = [
  "--single-threaded-gc",
  "--min-semi-space-size=1",
  "--max-semi-space-size=1",
  "--no-incremental-marking",
  "--initial-old-space-size=4096",
  "--max-old-space-size=4096",
  "--external-memory-accounted-in-global-limit",
];

/** A process of the bench's own, which ends with it. It answers each message with one. */
export class Child {
  private readonly process: ChildProcess;
  private queue: Promise<unknown> = Promise.resolve();

  constructor(
    file: string,
    private readonly what: string,
    /** V8's. Defaults to none, as in production. */
    flags: readonly string[] = [],
  ) {
    this.process = fork(file, {
      execArgv: [...flags, "--import", "tsx"],
      // Standard output belongs to the figures.
      stdio: ["ignore", 2, 2, "ipc"],
    });
  }

  tell(message: object): void {
    this.process.send(message);
  }

  ask<T>(message: object): Promise<T> {
    const answer = this.queue.then(
      () =>
        new Promise<T>((resolve, reject) => {
          const onExit = (code: number | null, signal: string | null) =>
            reject(new Error(`${this.what} ended with ${signal ?? code}`));
          this.process.once("exit", onExit);
          this.process.once("message", (value) => {
            this.process.off("exit", onExit);
            resolve(value as T);
          });
          this.process.send(message);
        }),
    );
    this.queue = answer.catch(() => {});
    return answer;
  }

  async end(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const ended = new Promise((resolve) => this.process.once("exit", resolve));
    this.process.kill("SIGKILL");
    await ended;
  }
}
