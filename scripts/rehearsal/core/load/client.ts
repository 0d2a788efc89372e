import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { WikiferryError } from "../../../../engine/errors";
import { projectDir } from "../../../setup/paths";
import type { Counts, LoadSummary, Message } from "./messages";

/** A load's process: the program that it runs, its first line of input, and where it writes. */
export interface LoadProgram<Figures> {
  /** Path of a program that answers by `serveLoad`. */
  path: string;
  /** The first line of its standard input: may hold passwords. */
  options: { historyFile: string; requestsFile: string };
  none: Figures;
}

/** The load's process, as its parent holds it. It ends by itself when the parent does. */
export class Load<Figures, Ready = unknown, Summary extends LoadSummary<Figures> = LoadSummary<Figures>> {
  readonly historyFile: string;
  readonly requestsFile: string;
  private latest: Counts<Figures>;
  private commands = 0;
  private readonly waiting = new Map<number, () => void>();
  private readonly ended: Promise<Summary>;
  /** Whether nobody makes requests any more. */
  isOver = false;
  private announceReady: (ready: Ready) => void = () => {};
  private readonly ready: Promise<Ready>;

  private constructor(
    private readonly child: ChildProcess,
    private readonly program: LoadProgram<Figures>,
    private readonly onStats?: (figures: Figures) => void,
  ) {
    this.historyFile = program.options.historyFile;
    this.requestsFile = program.options.requestsFile;
    this.latest = { total: program.none, since: {} };
    this.ready = new Promise((resolve) => {
      this.announceReady = resolve;
    });
    this.ended = this.listen();
    // Whoever waits for it hears of a failure; nobody has to be waiting yet.
    this.ended
      .catch(() => {})
      .finally(() => {
        this.isOver = true;
      });
  }

  /** Starts the process and waits until it says that it is ready. Throws its error if it can't. */
  static async start<Figures, Ready, Summary extends LoadSummary<Figures>>(
    program: LoadProgram<Figures>,
    onStats?: (figures: Figures) => void,
  ): Promise<Load<Figures, Ready, Summary>> {
    const child = spawn(process.execPath, ["--require", "tsx/cjs", program.path], {
      cwd: projectDir,
      stdio: ["pipe", "pipe", "inherit"],
    });
    const load = new Load<Figures, Ready, Summary>(child, program, onStats);
    // A write to a load that has died fails. `ended` reports its end.
    child.stdin?.on("error", () => {});
    child.stdin?.write(`${JSON.stringify(program.options)}\n`);
    await Promise.race([load.ready, load.ended]);
    return load;
  }

  /** Clients connect to another address from now on, with their cookies, as after a DNS change. */
  retarget(url: string): Promise<void> {
    return this.command({ target: url });
  }

  /** From here on, `LoadSummary.since[name]` counts too; the history shows the mark. */
  mark(name: string): Promise<void> {
    return this.command({ mark: name });
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /** Figures from the start or from a mark on, at most a second old. */
  stats(mark?: string): Figures {
    return mark === undefined ? this.latest.total : (this.latest.since[mark] ?? this.program.none);
  }

  /** Ends the load; also returns the summary of one that has ended by its time limit. */
  stop(): Promise<Summary> {
    if (this.child.stdin?.writable) this.child.stdin.write(`${JSON.stringify({ stop: true })}\n`);
    return this.ended;
  }

  private async command(command: object): Promise<void> {
    const n = ++this.commands;
    const done = new Promise<void>((resolve) => this.waiting.set(n, resolve));
    this.child.stdin?.write(`${JSON.stringify({ n, ...command })}\n`);
    await Promise.race([
      done,
      this.ended.then(() => {
        throw new WikiferryError(
          "LOAD_ENDED",
          "the load has already ended",
          "Give it a longer time: --minutes.",
        );
      }),
    ]);
  }

  private listen(): Promise<Summary> {
    return new Promise((resolve, reject) => {
      let summary: Summary | undefined;
      let error: WikiferryError | undefined;
      const { child } = this;
      if (!child.stdout) throw new Error("the load has no standard output");
      createInterface({ input: child.stdout }).on("line", (line) => {
        const message = JSON.parse(line) as Message<Figures, Ready, Summary>;
        if (message.ready) this.announceReady(message.ready);
        if (message.stats) {
          this.latest = message.stats;
          this.onStats?.(message.stats.total);
        }
        if (message.done !== undefined) {
          this.waiting.get(message.done)?.();
          this.waiting.delete(message.done);
        }
        if (message.summary) summary = message.summary;
        if (message.error)
          error = new WikiferryError(message.error.code, message.error.found, message.error.remedy);
      });
      child.on("error", reject);
      child.on("close", (code, signal) => {
        if (summary) {
          this.latest = summary;
          resolve(summary);
        } else
          reject(
            error ??
              new WikiferryError(
                "LOAD_ENDED",
                `the load ended without a summary (${signal ?? `exit code ${code}`})`,
                "See its messages above.",
              ),
          );
      });
    });
  }
}
