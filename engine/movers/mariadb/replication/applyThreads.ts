import type { Server } from "../../../runtime/mariadb/server";
import { replicationStatus } from "./status";

/**
 * Threads of a replica that catches up. They apply out of order and commit in the source's order; conflicting
 * transactions are rolled back and retried. On 2 cores they apply 1 to 2.7 times as many transactions per second as a
 * single thread. https://mariadb.com/kb/en/parallel-replication/
 */
export const catchUpThreads = 4;

/**
 * Sets the number of applying threads; 0 means one transaction after the other. The number can be changed only while
 * nothing is applied, so the stream stops for a moment. Does nothing where it already holds.
 */
export async function setApplyThreads(replica: Server, threads: number): Promise<void> {
  const session = await replica.sessionWithoutBinlog();
  if (Number(await session.value("SELECT @@GLOBAL.slave_parallel_threads")) === threads) return;
  const applying = (await replicationStatus(replica))?.sql === true;
  if (applying) await session.run("STOP SLAVE SQL_THREAD");
  await session.run(`SET GLOBAL slave_parallel_threads = ${threads}`);
  if (applying) await session.run("START SLAVE SQL_THREAD");
}
