import { acquireLease, releaseLease, renewLease, tryLease } from "../../../control/mariadb/lease";
import type { Side } from "../../../move";
import { withAnswerTimeout } from "../../../runtime/mariadb/answerTimeout";
import type { Server } from "../../../runtime/mariadb/server";
import type { CutoverContext } from "./context";

/**
 * One run's right to act on both databases. It is renewed while the run waits and has a fixed end from the intent on,
 * so a run that dies in an attempt releases it by itself.
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
   * Waits for the lease of a dead run, at most until it ends.
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
        await lease.takeOn(server, purpose, ctx);
        taken.push(server);
      }
    } catch (error) {
      await Promise.allSettled(
        taken.map((server) => withAnswerTimeout(server.side, releaseLease(server, ctx.holder))),
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

  private async takeOn(server: Server, purpose: string, ctx: CutoverContext): Promise<void> {
    const wish = { holder: this.holder, purpose, epoch: 0, durationMs: this.durationMs };
    const other = await tryLease(server, wish);
    if (!other) return;
    ctx.report({
      step: "lease",
      message: `waiting ${Math.ceil(other.leftMs / 1000)} s for the lease of ${other.holder}`,
    });
    await new Promise((resolve) => setTimeout(resolve, other.leftMs + 20));
    // Renewed meanwhile: its holder is alive, so this run is refused.
    await acquireLease(server, wish);
  }

  /**
   * From now on the lease is no longer renewed. It ends after `attemptMs`, and with it the right to commit.
   * @throws `CTRL_LEASE_LOST`
   */
  async fix(purpose: string, epoch: number): Promise<void> {
    clearInterval(this.timer);
    if (this.lost) throw this.lost;
    for (const server of this.servers)
      await renewLease(server, this.holder, this.durationMs, { purpose, epoch });
  }

  /** Ends it where a server answers. Elsewhere it ends by itself. */
  async release(): Promise<void> {
    clearInterval(this.timer);
    await Promise.allSettled(
      this.servers.map((server) => withAnswerTimeout(server.side, releaseLease(server, this.holder))),
    );
  }
}
