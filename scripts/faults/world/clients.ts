import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Side } from "../../../engine/move";

/** One write as its client saw it. Times by `performance.now()`. */
export interface Write {
  id: string;
  sentAt: number;
  endedAt: number;
  /** Who acknowledged it; undefined if nobody did: then it may exist or not, but not twice. */
  by: Side | undefined;
  /** What came instead of an acknowledgement. */
  failure?: string;
}

/** Longer than the gate holds a write, in milliseconds. */
const patienceMs = 20_000;

/** Clients that each have a connection, write through the gate at a steady rate and retry nothing. */
export class Clients {
  writes: Write[] = [];
  private working: Promise<void>[] = [];
  private stopped = true;
  private count = 0;
  private name = "";

  constructor(
    private readonly gate: { host: string; port: number },
    private readonly options: { clients: number; perSecond: number },
  ) {}

  /** @param name Prefix of each write's id, different for each run. */
  start(name: string): void {
    this.name = name;
    this.writes = [];
    this.count = 0;
    this.stopped = false;
    const everyMs = (1_000 * this.options.clients) / this.options.perSecond;
    this.working = Array.from({ length: this.options.clients }, () => this.work(everyMs));
  }

  /** Ends when the last write has been answered. */
  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.working);
    this.working = [];
  }

  get isWriting(): boolean {
    return !this.stopped;
  }

  get acknowledged(): Write[] {
    return this.writes.filter((write) => write.by !== undefined);
  }

  /** Waits until `more` further writes have been acknowledged, by `side` if that is given. @throws when not in time */
  async acknowledges(more: number, options: { by?: Side; timeoutMs: number }): Promise<void> {
    const start = this.writes.length;
    const end = performance.now() + options.timeoutMs;
    for (;;) {
      const since = this.writes.slice(start);
      const found = since.filter(({ by }) => by !== undefined && (options.by ?? by) === by).length;
      if (found >= more) return;
      if (performance.now() > end) {
        const failures = new Set(since.flatMap(({ failure }) => failure ?? []));
        throw new Error(
          `${found} of ${more} writes acknowledged${options.by ? ` by ${options.by}` : ""} within ${options.timeoutMs} ms (${[...failures].slice(0, 3).join("; ") || "no answers"})`,
        );
      }
      await sleep(5);
    }
  }

  /** Adds a write to the history that did not come through the gate. */
  add(write: Write): void {
    this.writes.push(write);
  }

  private async work(everyMs: number): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    await sleep(Math.random() * everyMs);
    while (!this.stopped) {
      const sentAt = performance.now();
      const id = `${this.name}-${this.count++}`;
      const answer = await this.post(agent, id);
      this.writes.push({ id, sentAt, endedAt: performance.now(), ...answer });
      if (answer.failure) await sleep(20);
      const restMs = everyMs - (performance.now() - sentAt);
      if (restMs > 0) await sleep(restMs);
    }
    agent.destroy();
  }

  private post(agent: Agent, id: string): Promise<{ by: Side | undefined; failure?: string }> {
    return new Promise((resolve) => {
      const failed = (failure: string) => resolve({ by: undefined, failure });
      const sent = request(
        { ...this.gate, agent, method: "POST", path: `/write?id=${id}`, timeout: patienceMs },
        (response) => {
          let body = "";
          response.on("data", (piece: Buffer) => {
            body += piece;
          });
          response.on("error", (error) => failed(error.message));
          response.on("end", () => {
            if (response.statusCode === 200 && (body === "blue" || body === "green")) resolve({ by: body });
            else failed(`${response.statusCode} ${body.slice(0, 120)}`);
          });
        },
      );
      sent.on("timeout", () => sent.destroy(new Error("no answer")));
      sent.on("error", (error) => failed(error.message));
      sent.end();
    });
  }
}
