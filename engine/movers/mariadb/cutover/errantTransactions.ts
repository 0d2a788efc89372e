import { messageOf, WikiferryError } from "../../../errors";
import type { Server } from "../../../runtime/mariadb/server";
import { order, outOfOrder, waitForGtid } from "../replication/follow";
import { distance, samePosition } from "../replication/gtid";
import { positions, replicationStatus } from "../replication/status";

/*
 * Someone with the privilege to do so may write on the new primary after it had caught up. That transaction then has
 * the commit's sequence number. Strict mode would refuse the commit on the new primary, and nobody would serve; and it
 * would refuse the stray transaction on the old primary. They conflict only in their number: the commit is one row of
 * the control schema, and the old primary has to become like the new one. So each applies the other's transaction
 * without strict mode.
 */

/** Timeout for applying what was refused, in milliseconds. */
const applyMs = 3_000;

/**
 * Lets the new primary apply the commit, if a stray transaction there is what blocks it and nothing else is missing.
 * @returns The stray transaction, which stays; undefined if that was not the cause.
 * @throws `CTRL_REFUSED` without a lease
 */
export async function applyDespiteErrant(
  here: Server,
  commitGtid: string,
  holder: string,
): Promise<string | undefined> {
  const { applied, binlog } = await positions(here);
  if (!(await isRefused(here)) || distance(applied, commitGtid) !== 1n) return undefined;
  return (await applyAnyway(here, commitGtid, holder)) ? binlog : undefined;
}

/**
 * Lets the old primary apply the new one's stray transactions. Its own last one must be the commit, which the new one
 * has: then it only lacks what the other has, and has nothing that the other lacks.
 * @returns Whether that was the cause.
 * @throws `CTRL_REFUSED` without a lease
 */
export async function takeOverErrant(active: Server, passive: Server, holder: string): Promise<boolean> {
  if (!(await isRefused(passive))) return false;
  const there = await positions(active);
  const here = await positions(passive);
  if (!samePosition(there.applied, here.binlog)) return false;
  return await applyAnyway(passive, there.binlog, holder);
}

async function isRefused(server: Server): Promise<boolean> {
  return (await replicationStatus(server))?.sqlError.number === outOfOrder;
}

async function applyAnyway(server: Server, gtid: string, holder: string): Promise<boolean> {
  const session = await server.sessionWithoutBinlog();
  await order(session, holder, "SET GLOBAL gtid_strict_mode = 0");
  try {
    await order(session, holder, "START SLAVE");
    return await waitForGtid(server, gtid, applyMs);
  } finally {
    await session.run("SET GLOBAL gtid_strict_mode = 1").catch((error: unknown) => {
      throw new WikiferryError(
        "CUTOVER_STRICT_MODE",
        `gtid_strict_mode is still off on ${server.side} (${messageOf(error)})`,
        "SET GLOBAL gtid_strict_mode = 1 there, then run again",
      );
    });
  }
}
