import { setTimeout as sleep } from "node:timers/promises";
import { WikiferryError } from "../../../../errors";
import { changeMaster, order, reaches } from "../../replication/follow";
import { goOnFromHere } from "../../replication/position";
import { replicationStatus } from "../../replication/status";
import { admit } from "../access";
import { Deadline } from "../deadline";
import { type Flip, type Step, sessionOn } from "../flip";

/** How long the reverse stream may take to connect before the pause, in milliseconds. */
const connectMs = 5_000;
/** Interval between two checks whether it has connected, in milliseconds. */
const lookMs = 15;

/**
 * Fixes the end of the lease, before which the commit must be made. Does everything ahead of the pause that need not
 * happen in it: sessions, the source's settings as a replica and its connection, the target's accounts.
 */
export const declareTheIntent: Step = {
  name: "declare the intent",
  async run(flip) {
    await admit(flip.target, flip.ctx.appUser);
    // The source requests a position in the target's binary log, and the server searches for it from the beginning of a
    // file.
    await (await flip.target.sessionWithoutBinlog()).run("FLUSH LOCAL BINARY LOGS");
    // Without a START it has no effect. If the server restarts now, replication starts by itself and receives only the
    // server's own transactions, which it skips.
    await changeMaster(flip.source, flip.target, flip.ctx.replicationPassword, {}, flip.ctx.holder);
    for (const server of [flip.source, flip.target])
      flip.sessions.push(await server.open({ withoutBinlog: true }));
    await connectReverse(flip);
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

/**
 * Lets the source receive from the target without applying. TLS and login take 10 to 40 ms, and a stream that can't
 * connect is noticed before any write waits. Up to the commit the source receives only its own transactions, which it
 * skips, so it may start from any position that the target has.
 * @throws `CUTOVER_REVERSE`, `CTRL_DISK_SPACE`
 */
async function connectReverse(flip: Flip): Promise<void> {
  const session = await flip.source.sessionWithoutBinlog();
  const start = await goOnFromHere(session);
  await reaches(sessionOn(flip, flip.to), start, connectMs);
  await order(session, flip.ctx.holder, "START SLAVE IO_THREAD");
  const end = performance.now() + connectMs;
  for (;;) {
    const status = await replicationStatus(flip.source);
    if (status?.io === "yes") return;
    if (status?.io !== "connecting" || performance.now() > end) {
      throw new WikiferryError(
        "CUTOVER_REVERSE",
        `${flip.from} does not reach ${flip.to} to follow it: ${status?.ioError.message || "no thread runs"}`,
        `No write had to wait. See that ${flip.from} reaches ${flip.to}'s replication address, then run again`,
      );
    }
    await sleep(lookMs);
  }
}
