import { tryLease } from "../../engine/control/mariadb/lease";
import { type LeaseWish, leaseHeld } from "../../engine/control/store";
import type { Server } from "../../engine/runtime/mariadb/server";

/** Takes the lease on a server. @throws `CTRL_LEASE_HELD` */
export async function acquireLease(server: Server, wish: LeaseWish): Promise<void> {
  const other = await tryLease(server, wish);
  if (other) throw leaseHeld(other, wish.holder);
}
