import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { HeldLease } from "../../control/heldLease";
import { leaseOn } from "../../control/mariadb/mariadbStore";
import { hasControlSchema } from "../../control/mariadb/schema";
import type { Report } from "../../progress";
import type { Server } from "../../runtime/mariadb/server";

/** Renewed while the work lasts. A killed run releases it after this many milliseconds. */
const durationMs = 8_000;

/** Keeps flips and other runs away while an undo changes what they rely on. */
export class UndoLease {
  private constructor(
    private readonly server: Server,
    private readonly lease: HeldLease,
  ) {}

  /**
   * Waits for the lease of a dead run, at most until it ends. A server without records has nobody to keep away.
   * @throws `CTRL_LEASE_HELD`
   */
  static async take(server: Server, purpose: string, report: Report): Promise<UndoLease> {
    const holder = `${hostname()}:${process.pid}:${randomBytes(4).toString("hex")}`;
    const stores = (await hasControlSchema(server)) ? [leaseOn(server)] : [];
    return new UndoLease(server, await HeldLease.take(stores, { holder, purpose, durationMs }, report));
  }

  get holder(): string {
    return this.lease.holder;
  }

  /** It goes with the records. */
  stopRenewing(): void {
    this.lease.stopRenewing();
  }

  async release(): Promise<void> {
    this.stopRenewing();
    if (await hasControlSchema(this.server)) await this.lease.release();
  }
}
