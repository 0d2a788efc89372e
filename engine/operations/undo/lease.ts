import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { acquireLease, releaseLease, renewLease, tryLease } from "../../control/mariadb/lease";
import { hasControlSchema } from "../../control/mariadb/schema";
import type { Report } from "../../progress";
import type { Server } from "../../runtime/mariadb/server";

/** Renewed while the work lasts. A killed run releases it after this many milliseconds. */
const durationMs = 8_000;

/** Keeps flips and other runs away while `work` changes what they rely on. */
export class UndoLease {
  readonly holder = `${hostname()}:${process.pid}:${randomBytes(4).toString("hex")}`;
  private timer: NodeJS.Timeout | undefined;

  private constructor(
    private readonly server: Server,
    private readonly purpose: string,
  ) {}

  /**
   * Waits for the lease of a dead run, at most until it ends. A server without records has nobody to keep away.
   * @throws `CTRL_LEASE_HELD`
   */
  static async take(server: Server, purpose: string, report: Report): Promise<UndoLease> {
    const lease = new UndoLease(server, purpose);
    if (!(await hasControlSchema(server))) return lease;
    const other = await tryLease(server, lease.wish);
    if (other) {
      const seconds = Math.ceil(other.leftMs / 1000);
      report({ step: "lease", message: `waiting ${seconds} s for the lease of ${other.holder}` });
      await sleep(other.leftMs + 20);
      await acquireLease(server, lease.wish);
    }
    lease.timer = setInterval(() => {
      renewLease(server, lease.holder, durationMs).catch(() => clearInterval(lease.timer));
    }, durationMs / 4);
    lease.timer.unref();
    return lease;
  }

  /** It goes with the records. */
  stopRenewing(): void {
    clearInterval(this.timer);
  }

  async release(): Promise<void> {
    this.stopRenewing();
    if (await hasControlSchema(this.server)) await releaseLease(this.server, this.holder);
  }

  private get wish() {
    return { holder: this.holder, purpose: this.purpose, epoch: 0, durationMs };
  }
}
