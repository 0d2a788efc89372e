import { WikiferryError } from "../../errors";
import type { Side } from "../../move";
import { acquireLease, readLease, releaseLease, renewLease } from "../control/lease";
import type { Server } from "../server";
import { answering } from "./answering";
import type { CutoverContext } from "./context";

/**
 * One run's right to act on both databases. It is kept alive while the run waits, and has a fixed end from the
 * intent on, so that a run that dies in an attempt lets go by itself.
 */
export class RunLease {
  private timer: NodeJS.Timeout | undefined;
  private lost: unknown;

  private constructor(
    private readonly servers: readonly Server[],
    private readonly holder: string,
    private readonly durationMs: number,
  ) {}

  /**
   * Waits for the lease of a run that died, at most until it ends.
   * @throws `CTRL_LEASE_HELD` when another run is alive
   */
  static async take(ctx: CutoverContext, sides: readonly Side[], purpose: string): Promise<RunLease> {
    const lease = new RunLease(
      sides.map((side) => ctx.servers[side]),
      ctx.holder,
      ctx.limits.attemptMs,
    );
    const taken: Server[] = [];
    try {
      for (const server of lease.servers) {
        await lease.awaitEnd(server, ctx);
        await acquireLease(server, { holder: ctx.holder, purpose, epoch: 0, durationMs: lease.durationMs });
        taken.push(server);
      }
    } catch (error) {
      await Promise.allSettled(
        taken.map((server) => answering(server.side, releaseLease(server, ctx.holder))),
      );
      throw error;
    }
    lease.timer = setInterval(() => {
      Promise.all(lease.servers.map((server) => renewLease(server, lease.holder, lease.durationMs))).catch(
        (error: unknown) => (lease.lost = error),
      );
    }, lease.durationMs / 4);
    lease.timer.unref();
    return lease;
  }

  private async awaitEnd(server: Server, ctx: CutoverContext): Promise<void> {
    const before = await readLease(server);
    if (!before || before.leftMs <= 0 || before.holder === this.holder) return;
    ctx.report({
      step: "lease",
      message: `waiting ${Math.ceil(before.leftMs / 1000)} s for the lease of ${before.holder}`,
    });
    await new Promise((resolve) => setTimeout(resolve, before.leftMs + 20));
    // Prolonged meanwhile: its holder lives, and acquiring is refused.
  }

  /**
   * From now on the lease is no longer renewed: it ends after `attemptMs`, and with it the right to commit.
   * @throws `CTRL_LEASE_LOST`
   */
  async fix(purpose: string, epoch: number): Promise<void> {
    clearInterval(this.timer);
    if (this.lost) throw this.lost;
    for (const server of this.servers) {
      const now = await readLease(server);
      if (now?.holder !== this.holder || now.leftMs <= 0) {
        throw new WikiferryError(
          "CTRL_LEASE_LOST",
          `the lease of ${this.holder} on ${server.side} has ended or went to ${now?.holder ?? "no one"}`,
          "Nothing was changed; run again when the other run has ended",
        );
      }
    }
    await Promise.all(
      this.servers.map((server) =>
        acquireLease(server, { holder: this.holder, purpose, epoch, durationMs: this.durationMs }),
      ),
    );
  }

  /** Ends it, where a server answers; elsewhere it ends by itself. */
  async release(): Promise<void> {
    clearInterval(this.timer);
    await Promise.allSettled(
      this.servers.map((server) => answering(server.side, releaseLease(server, this.holder))),
    );
  }
}
