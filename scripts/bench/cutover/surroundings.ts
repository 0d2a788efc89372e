import type { Gate } from "../../../engine/gate/gate";
import type { Surroundings } from "../../../engine/mariadb/cutover/surroundings";
import type { Side } from "../../../engine/move";
import type { WebApp } from "./web/web";

/** Requests at a time that warm a web app before it serves, as in production. */
const warmers = 4;

/** What lies around the databases here: the gate and the web apps. There are no jobs and no uploads. */
export class BenchSurroundings implements Surroundings {
  constructor(
    private readonly gate: Gate,
    private readonly apps: Record<Side, WebApp>,
    private readonly attemptMs: number,
  ) {}

  async quiesce(from: Side, to: Side): Promise<void> {
    await this.gate.setViews(from, 0);
    await this.apps[to].warm(warmers);
  }

  async hold(): Promise<void> {
    await this.gate.hold(this.attemptMs + 2_000);
  }

  drain(timeoutMs: number): Promise<number> {
    return this.gate.drain(timeoutMs);
  }

  async lastFiles(): Promise<void> {}

  async awaitWritable(side: Side, timeoutMs: number): Promise<void> {
    await this.apps[side].awaitWritable(timeoutMs);
  }

  async turn(side: Side): Promise<void> {
    await this.gate.turn(side);
  }

  async release(): Promise<void> {
    await this.gate.release();
  }

  async resume(): Promise<void> {}
}
