import { messageOf, WikiferryError } from "../../../../engine/errors";
import { lastVerification } from "../../../../engine/movers/mariadb/verify/record";
import { verify } from "../../../../engine/movers/mariadb/verify/verify";
import { Server } from "../../../../engine/runtime/mariadb/server";
import { SshPool } from "../../../../engine/runtime/ssh/pool";
import type { CompareAnswer, CompareOrder } from "./order";

process.on("message", (order: CompareOrder) => {
  void compare(order).then((answer) => process.send?.(answer));
});

async function compare(order: CompareOrder): Promise<CompareAnswer> {
  const pool = new SshPool(order.sshPrivateKey);
  const { primary, replica } = order.sides;
  const there = new Server(primary.place, primary.password, pool);
  const here = new Server(replica.place, replica.password, pool);
  const start = performance.now();
  let problem: unknown;
  try {
    await verify(there, here, order.database, { sessions: order.sessions });
  } catch (error) {
    problem = error;
  }
  const seconds = (performance.now() - start) / 1000;
  // Kilobytes, also where the system counts in bytes: libuv converts.
  const peakMemoryBytes = process.resourceUsage().maxRSS * 1024;
  const found =
    problem === undefined || (problem instanceof WikiferryError && problem.code === "VERIFY_MISMATCH");
  const differing = found ? (await lastVerification(here))?.differing.map(({ table }) => table) : undefined;
  await Promise.all([there.close(), here.close()]);
  await pool.close();
  return { seconds, peakMemoryBytes, differing, ...(found ? {} : { problem: messageOf(problem) }) };
}
