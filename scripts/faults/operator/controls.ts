import { get } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Side } from "../../../engine/move";
import type { Gate } from "../../../engine/traffic/gate/gate";
import { GateSurroundings } from "../../lab/gateControls";

/** The gate and the campaign's web tiers. */
export class LabControls extends GateSurroundings {
  constructor(
    gate: Gate,
    private readonly apps: Record<Side, { host: string; port: number }>,
    attemptMs: number,
  ) {
    super(gate, attemptMs);
  }

  async awaitWritable(side: Side, timeoutMs: number): Promise<void> {
    const end = performance.now() + timeoutMs;
    while (!(await this.isWritable(side))) {
      if (performance.now() > end)
        throw new Error(`${side}'s web tier is not writable after ${timeoutMs} ms`);
      await sleep(10);
    }
  }

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
