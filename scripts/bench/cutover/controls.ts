import type { Side } from "../../../engine/move";
import type { Gate } from "../../../engine/traffic/gate/gate";
import { GateSurroundings } from "../../lab/gateControls";
import type { WebApp } from "./web/web";

/** Parallel requests that warm a web app before it serves, as in production. */
const warmers = 4;

/** The gate and the benchmark's web apps. */
export class BenchControls extends GateSurroundings {
  constructor(
    gate: Gate,
    private readonly apps: Record<Side, WebApp>,
    attemptMs: number,
  ) {
    super(gate, attemptMs);
  }

  override async quiesce(from: Side, to: Side): Promise<void> {
    await super.quiesce(from, to);
    await this.apps[to].warm(warmers);
  }

  async awaitWritable(side: Side, timeoutMs: number): Promise<void> {
    await this.apps[side].awaitWritable(timeoutMs);
  }
}
