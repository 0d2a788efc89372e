import { setTimeout as sleep } from "node:timers/promises";
import { WikiferryError } from "../../../errors";
import type { Server } from "../../../runtime/mariadb/server";
import { describeStop, wayOuts } from "./causes";
import { contains, newest } from "./gtid";
import { positions, replicationStatus } from "./status";

const pollMs = 20;

/**
 * Waits until the replica has applied what the source has written by now. A server that follows nobody is not waited
 * for: after phase retire there is nothing to come. Never writes.
 * @param timeoutMs Defaults to 60,000.
 * @throws the cause (`REPL_*`) where it has stopped, `REPL_FALLS_BEHIND` after `timeoutMs`
 */
export async function awaitPosition(replica: Server, source: Server, timeoutMs = 60_000): Promise<void> {
  const { binlog } = await positions(source);
  const started = performance.now();
  for (;;) {
    const [status, here] = await Promise.all([replicationStatus(replica), positions(replica)]);
    if (!status || contains(newest(here.applied, here.binlog), binlog)) return;
    if (status.cause && status.cause !== "REPL_UNREACHABLE")
      throw new WikiferryError(
        status.cause,
        `${replica.side} stopped following ${source.side}: ${describeStop(status)}`,
        wayOuts[status.cause],
      );
    if (performance.now() - started > timeoutMs)
      throw new WikiferryError(
        "REPL_FALLS_BEHIND",
        `${replica.side} has not applied within ${Math.round(timeoutMs / 1000)} s what ${source.side} had written`,
        "Run again at a quieter time",
      );
    await sleep(pollMs);
  }
}
