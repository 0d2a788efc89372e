import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { WikiferryError } from "../../errors";
import type { Address, Side } from "../../move";
import type { SshPool } from "../../runtime/ssh/pool";
import { RuntimeConnection } from "./runtimeConnection";
import { stalledWrites } from "./stalledWrites";

/** After this much of a drain, in milliseconds, and then as often, the gate is asked which writes are stalled. */
const stalledAfterMs = 200;

const side = z.enum(["blue", "green"]);
const stateSchema = z.object({
  primary: side,
  views: side,
  canary: z.number(),
  holdMs: z.number(),
  held: z.number(),
  writes: z.object({ blue: z.number(), green: z.number() }),
  up: z.object({ blue: z.boolean(), green: z.boolean() }),
  pid: z.number(),
  stopping: z.boolean(),
});

export interface GateState {
  /** Which side gets writes, sessions and requests for uploaded files. */
  primary: Side;
  /** Which side gets page views without a session. */
  views: Side;
  /** Percent of those views that go to the other side instead, 0 to 100. */
  canary: number;
  /** How long writes will still be held unless released; 0 when they are not held. */
  holdMs: number;
  /**
   * Requests waiting in the hold, counted over all workers like `writes`, including a worker that a reload has
   * replaced.
   */
  held: number;
  /** Writes in flight on each side. */
  writes: Record<Side, number>;
  /** Health checks: `/health` on green, a TCP connection to blue. */
  up: Record<Side, boolean>;
  /** HAProxy's worker process. */
  pid: number;
  /** True in a worker that a reload has replaced. */
  stopping: boolean;
}

/** What `Gate.set` changes, all in one step. */
export interface GateChange {
  primary?: Side;
  views?: Side;
  /** Percent, 0 to 100. */
  canary?: number;
  /** Milliseconds for which writes are held from now on, at most 600,000; 0 releases them. */
  holdMs?: number;
}

/**
 * The gate's HAProxy, through its runtime API. A change is on the gate's disk before it takes effect, and in effect
 * when the call returns.
 */
export class Gate {
  private readonly connection: RuntimeConnection;

  /** @param options.timeoutMs Limit for each command. Defaults to 2,000. */
  constructor(address: Address, pool: SshPool, options: { password?: string; timeoutMs?: number } = {}) {
    this.connection = new RuntimeConnection(
      address,
      pool,
      options.password ?? "",
      options.timeoutMs ?? 2_000,
    );
  }

  /** @throws `GATE_UNREACHABLE`, `GATE_REFUSED`, `GATE_TIMEOUT` */
  state(): Promise<GateState> {
    return this.command("gate show");
  }

  /** Makes all the named changes in one step and returns the new state. @throws `GATE_NOT_SET` and as `state` */
  async set(change: GateChange): Promise<GateState> {
    const words = [
      change.primary && `primary=${change.primary}`,
      change.views && `views=${change.views}`,
      change.canary !== undefined && `canary=${change.canary}`,
      change.holdMs !== undefined && `hold=${change.holdMs}`,
    ].filter(Boolean);
    const state = await this.command(`gate set ${words.join(" ")}`);
    const differs =
      (change.primary !== undefined && state.primary !== change.primary) ||
      (change.views !== undefined && state.views !== change.views) ||
      (change.canary !== undefined && state.canary !== change.canary) ||
      (change.holdMs !== undefined && state.holdMs > 0 !== change.holdMs > 0);
    if (differs) {
      throw new WikiferryError(
        "GATE_NOT_SET",
        `the gate received ${words.join(" ")} and shows ${JSON.stringify(state)}`,
        "See whether someone else controls the gate",
      );
    }
    return state;
  }

  /** Sends writes, sessions and file requests to `side`. */
  setPrimary(side: Side): Promise<GateState> {
    return this.set({ primary: side });
  }

  /** Sends views without a session to `side`, and `canaryPercent` of them to the other side while that is healthy. */
  setViews(side: Side, canaryPercent: number): Promise<GateState> {
    return this.set({ views: side, canary: canaryPercent });
  }

  /**
   * Holds writes from now on. Writes already sent to a side continue (see `drain`).
   * @param forMs After this the hold ends by itself, so that a crashed tool does not leave the wiki without writes.
   * Defaults to 30,000.
   */
  hold(forMs = 30_000): Promise<GateState> {
    return this.set({ holdMs: forMs });
  }

  /** Sends everything to `side` in one step, page views and held writes included. */
  turn(side: Side): Promise<GateState> {
    return this.set({ primary: side, views: side, canary: 0, holdMs: 0 });
  }

  /** Releases held writes to the side that is primary now. */
  release(): Promise<GateState> {
    return this.set({ holdMs: 0 });
  }

  /** Writes sent to either side and not yet answered. */
  async inFlightWrites(): Promise<number> {
    const { writes } = await this.state();
    return writes.blue + writes.green;
  }

  /**
   * Waits at most `timeoutMs` for writes in flight and returns how many are left. It does not wait for one that only
   * its client keeps open (`stalledWrites`), so nobody can delay a flip by sending slowly.
   */
  async drain(timeoutMs: number): Promise<number> {
    const start = performance.now();
    let askStalledAt = start + stalledAfterMs;
    for (;;) {
      const left = await this.inFlightWrites();
      const now = performance.now();
      if (left === 0 || now >= start + timeoutMs) return left;
      if (now >= askStalledAt) {
        if (stalledWrites(await this.connection.ask("show sess all")) >= left) return left;
        askStalledAt = performance.now() + stalledAfterMs;
      }
      await sleep(1);
    }
  }

  /** Which sides answer the gate's health checks. */
  async health(): Promise<Record<Side, boolean>> {
    return (await this.state()).up;
  }

  close(): void {
    this.connection.close();
  }

  private async command(line: string): Promise<GateState> {
    const state = await this.parse(line);
    if (!state.stopping) return state;
    // A reload has replaced this worker; the kept connection still leads to the old one.
    this.connection.close();
    return this.parse(line);
  }

  private async parse(line: string): Promise<GateState> {
    const answer = (await this.connection.ask(line)).trim();
    let json: unknown;
    try {
      json = JSON.parse(answer);
    } catch {
      json = undefined;
    }
    const parsed = stateSchema.safeParse(json);
    if (parsed.success) return parsed.data;
    throw new WikiferryError(
      "GATE_REFUSED",
      `the gate answered \`${line}\` with "${answer.slice(0, 300)}"`,
      "See `docker logs` of the gate; its image must be of the same version as the tool",
    );
  }
}
