import { get } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Gate } from "../../../engine/gate/gate";
import type { Surroundings } from "../../../engine/mariadb/cutover/surroundings";
import type { Side } from "../../../engine/move";

/** The real gate around two web tiers that keep nothing: no uploads, no jobs, no caches. */
export class LabSurroundings implements Surroundings {
  constructor(
    private readonly gate: Gate,
    private readonly apps: Record<Side, { host: string; port: number }>,
    private readonly attemptMs: number,
  ) {}

  async quiesce(from: Side): Promise<void> {
    await this.gate.setViews(from, 0);
  }

  async hold(): Promise<void> {
    await this.gate.hold(this.attemptMs + 2_000);
  }

  drain(timeoutMs: number): Promise<number> {
    return this.gate.drain(timeoutMs);
  }

  async lastFiles(): Promise<void> {}

  async awaitWritable(side: Side, timeoutMs: number): Promise<void> {
    const end = performance.now() + timeoutMs;
    while (!(await this.isWritable(side))) {
      if (performance.now() > end)
        throw new Error(`${side}'s web tier is not writable after ${timeoutMs} ms`);
      await sleep(10);
    }
  }

  async turn(side: Side): Promise<void> {
    await this.gate.turn(side);
  }

  async release(): Promise<void> {
    await this.gate.release();
  }

  async resume(): Promise<void> {}

  private isWritable(side: Side): Promise<boolean> {
    return new Promise((resolve) => {
      const asked = get(
        { ...this.apps[side], path: "/writable", agent: false, timeout: 2_000 },
        (response) => {
          response.resume();
          resolve(response.statusCode === 200);
        },
      );
      asked.on("timeout", () => asked.destroy(new Error("no answer")));
      asked.on("error", () => resolve(false));
    });
  }
}
