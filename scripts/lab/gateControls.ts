import type { Side } from "../../engine/move";
import type { Controls } from "../../engine/movers/mariadb/cutover/controls";
import type { Gate } from "../../engine/traffic/gate/gate";

/** The real gate around two stateless web tiers: no uploads, no jobs, no caches. */
export abstract class GateSurroundings implements Controls {
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
