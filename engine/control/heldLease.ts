import { setTimeout as sleep } from "node:timers/promises";
import type { Report } from "../progress";
import { type LeaseStore, type LeaseWish, leaseHeld } from "./store";

/** Of a lease that has ended, its store may still see a last bit, in milliseconds. */
const marginMs = 20;

/**
 * One run's right to act, in one store or in several at once. It is renewed while the run lives, until `fix` gives it a
 * fixed end, so that a run that dies lets go by itself.
 */
export class HeldLease {
  private timer: NodeJS.Timeout | undefined;
  private lost: unknown;

  private constructor(
    private readonly stores: readonly LeaseStore[],
    readonly holder: string,
    private readonly durationMs: number,
  ) {}

  /**
   * Waits for the lease of a run that died, at most until it ends.
   * @throws `CTRL_LEASE_HELD` when another run is alive
   */
  static async take(
    stores: readonly LeaseStore[],
    wish: Omit<LeaseWish, "epoch">,
    report: Report,
  ): Promise<HeldLease> {
    const lease = new HeldLease(stores, wish.holder, wish.durationMs);
    const taken: LeaseStore[] = [];
    try {
      for (const store of stores) {
        await takeFrom(store, { ...wish, epoch: 0 }, report);
        taken.push(store);
      }
    } catch (error) {
      await Promise.allSettled(taken.map((store) => store.release(wish.holder)));
      throw error;
    }
    lease.renewRegularly();
    return lease;
  }

  private renewRegularly(): void {
    this.timer = setInterval(() => {
      Promise.all(this.stores.map((store) => store.renew(this.holder, this.durationMs))).catch(
        (error: unknown) => (this.lost = error),
      );
    }, this.durationMs / 4);
    this.timer.unref();
  }

  stopRenewing(): void {
    clearInterval(this.timer);
  }

  /**
   * From now on the lease is for `epoch` and no longer renewed: it ends after its duration, and with it the right to
   * commit.
   * @throws `CTRL_LEASE_LOST`
   */
  async fix(purpose: string, epoch: number): Promise<void> {
    this.stopRenewing();
    if (this.lost) throw this.lost;
    for (const store of this.stores) await store.renew(this.holder, this.durationMs, { purpose, epoch });
  }

  /** Ends it, where a store answers; elsewhere it ends by itself. */
  async release(): Promise<void> {
    this.stopRenewing();
    await Promise.allSettled(this.stores.map((store) => store.release(this.holder)));
  }
}

async function takeFrom(store: LeaseStore, wish: LeaseWish, report: Report): Promise<void> {
  const other = await store.take(wish);
  if (!other) return;
  report({
    step: "lease",
    message: `waiting ${Math.ceil(other.leftMs / 1000)} s for the lease of ${other.holder}`,
  });
  await sleep(Math.max(0, other.leftMs) + marginMs);
  // Prolonged meanwhile: its holder lives, and this one is refused.
  const alive = await store.take(wish);
  if (alive) throw leaseHeld(alive, wish.holder);
}
