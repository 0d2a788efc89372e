import type { Gate } from "../../engine/gate/gate";
import type { Surroundings } from "../../engine/mariadb/cutover/surroundings";
import type { Side } from "../../engine/move";

/** The real gate around two stateless web tiers: no uploads, no jobs, no caches. */
export abstract class GateSurroundings implements Surroundings {
  constructor(
    private readonly gate: Gate,
    private readonly attemptMs: number,
  ) {}

  abstract awaitWritable(side: Side, timeoutMs: number): Promise<void>;

  async quiesce(from: Side, _to: Side): Promise<void> {
    await this.gate.setViews(from, 0);
  }

  async hold(): Promise<void> {
    await this.gate.hold(this.attemptMs + 2_000);
  }

  drain(timeoutMs: number): Promise<number> {
    return this.gate.drain(timeoutMs);
  }

  async lastFiles(): Promise<void> {}

  async turn(side: Side): Promise<void> {
    await this.gate.turn(side);
  }

  async release(): Promise<void> {
    await this.gate.release();
  }

  async resume(): Promise<void> {}
}
