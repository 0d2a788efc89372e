import { type ChildProcess, fork } from "node:child_process";

/**
 * V8's flags for a process whose response times are measured. Small garbage collections run in the thread itself: by
 * default V8 uses four threads for one, and on two processors everything else waits for them, a page view up to 50 ms,
 * with or without a flip. Large collections, which take 25 to 55 ms, are avoided: a web app allocates 1 MB a second at
 * 500 writes/s, and V8 starts to mark for a large one at 512 MB, whatever the heap limit, unless it must not mark in
 * steps; and again at 64 MB of buffers outside its heap, unless they count as part of it. So a process that reads much
 * grows with what it reads: never use this for one whose memory is measured. (Forced between flips, large collections
 * made page views over 2 ms four times as frequent during flips.) New objects get 1 MB at a time: a collection takes
 * 0.5 ms, with 4 MB it took 2.
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

/** A process of the benchmark, which ends with it. It answers each message with one. */
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
      // Standard output is reserved for the figures.
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
