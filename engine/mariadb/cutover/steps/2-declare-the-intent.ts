import { changeMaster } from "../../replication/follow";
import { admit } from "../access";
import { Deadline } from "../deadline";
import type { Flip, Step } from "../flip";

/**
 * Fixes the end of the lease, before which the commit must be made, and does ahead of the pause all that need not be
 * done in it: sessions, the source's settings as a replica, the target's accounts.
 */
export const declareTheIntent: Step = {
  name: "declare the intent",
  async run(flip) {
    await admit(flip.target, flip.ctx.appUser);
    // Without a START it has no effect. If the server restarts now, it starts by itself and receives nothing but its
    // own transactions, which it skips.
    await changeMaster(flip.source, flip.target, flip.ctx.replicationPassword);
    flip.hands = await Promise.all([openHand(flip, "source"), openHand(flip, "target")]);
    await Promise.all([flip.source.value("SELECT 1"), flip.target.value("SELECT 1")]);
    await Promise.all([flip.source.unlogged(), flip.target.unlogged()]);
    await flip.ctx.journal.append({
      step: "cutover",
      side: flip.from,
      event: "intent",
      detail: { from: flip.from, to: flip.to, epoch: flip.epoch + 1, holder: flip.ctx.holder },
    });
    await flip.lease.fix(`flip from ${flip.from} to ${flip.to}`, flip.epoch + 1);
    flip.deadline = new Deadline(flip.ctx.limits.attemptMs);
  },
};

async function openHand(flip: Flip, end: "source" | "target") {
  const session = await flip[end].open();
  await session.run("SET SESSION sql_log_bin = 0");
  return {
    side: flip[end].side,
    session,
    connectionId: String(await session.value("SELECT CONNECTION_ID()")),
  };
}
