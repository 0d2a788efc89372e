import type { Server } from "../server";
import { replicationStatus } from "./status";

/**
 * Threads of a replica that catches up. They apply ahead of the source's order and commit in it; what gets in another's
 * way is undone and tried again. On 2 cores 1 to 2.7 times as many transactions a second as one after the other.
 * https://mariadb.com/kb/en/parallel-replication/
 */
export const catchUpThreads = 4;

/**
 * Sets how many threads apply; 0: one transaction after the other. The number can be changed only while nothing is
 * applied, so the stream rests for a moment. Does nothing where it holds.
 */
export async function setApplyThreads(replica: Server, threads: number): Promise<void> {
  const session = await replica.unlogged();
  if (Number(await session.value("SELECT @@GLOBAL.slave_parallel_threads")) === threads) return;
  const applying = (await replicationStatus(replica))?.sql === true;
  if (applying) await session.run("STOP SLAVE SQL_THREAD");
  await session.run(`SET GLOBAL slave_parallel_threads = ${threads}`);
  if (applying) await session.run("START SLAVE SQL_THREAD");
}
