import { HeldLease } from "../../../control/heldLease";
import { releaseLease } from "../../../control/mariadb/lease";
import { leaseOn } from "../../../control/mariadb/mariadbStore";
import type { LeaseStore } from "../../../control/store";
import type { Side } from "../../../move";
import { withAnswerTimeout } from "../../../runtime/mariadb/answerTimeout";
import type { Server } from "../../../runtime/mariadb/server";
import type { CutoverContext } from "./context";

/**
 * One run's right to act on the databases of `sides`. It is renewed while the run waits and has a fixed end, after
 * `attemptMs`, from the intent on, so a run that dies in an attempt releases it by itself.
 * @throws `CTRL_LEASE_HELD` when another run is alive
 */
export async function takeRunLease(
  { servers, holder, limits, report }: CutoverContext,
  sides: readonly Side[],
  purpose: string,
): Promise<HeldLease> {
  const stores = sides.map((side) => releasedInTime(servers[side]));
  return await HeldLease.take(stores, { holder, purpose, durationMs: limits.attemptMs }, report);
}

/** The end of a run does not wait for a server that hangs. */
function releasedInTime(server: Server): LeaseStore {
  return {
    ...leaseOn(server),
    release: (holder) => withAnswerTimeout(server.side, releaseLease(server, holder)),
  };
}
