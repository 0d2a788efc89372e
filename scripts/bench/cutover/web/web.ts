import { Agent, request } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Child, collectQuietly } from "../child";
import type { WebOrder } from "./order";

/** One side's web app, and the tool's own path to it, past the gate. */
export class WebApp {
  private readonly child: Child;
  private readonly agent: Agent;
  /** The port on which it listens, at the address of its order. */
  port = 0;

  private constructor(private readonly order: WebOrder) {
    this.child = new Child(join(__dirname, "child.ts"), `${order.side}'s web app`, collectQuietly);
    this.agent = new Agent({ keepAlive: true, maxSockets: order.connections });
  }

  static async start(order: WebOrder): Promise<WebApp> {
    const app = new WebApp(order);
    app.port = (await app.child.ask<{ port: number }>(order)).port;
    return app;
  }

  /** Requests this many pages at once, which opens as many sessions on its database. */
  async warm(requests: number): Promise<void> {
    await Promise.all(Array.from({ length: requests }, () => this.status("/page?id=1")));
  }

  /** Waits until it reports that it takes writes. */
  async awaitWritable(timeoutMs: number): Promise<void> {
    const end = performance.now() + timeoutMs;
    while ((await this.status("/writable")) !== 200) {
      if (performance.now() > end) throw new Error(`${this.order.side} is read-only after ${timeoutMs} ms`);
      await sleep(1);
    }
  }

  async end(): Promise<void> {
    this.agent.destroy();
    await this.child.end();
  }

  private status(path: string): Promise<number> {
    return new Promise((resolve, reject) => {
      const sent = request(
        { agent: this.agent, host: this.order.listen, port: this.port, path },
        (response) => {
          response.resume();
          response.on("end", () => resolve(response.statusCode ?? 0));
        },
      );
      sent.on("error", reject);
      sent.end();
    });
  }
}
