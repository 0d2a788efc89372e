import { setTimeout as sleep } from "node:timers/promises";
import { WikiferryError } from "../../../../errors";
import type { Report } from "../../../../progress";
import type { Server } from "../../../../runtime/mariadb/server";
import { holderOf, mostWorkers } from "./worker";

/** Rolling back a large transaction, or an index build, takes time. In milliseconds. */
const sweepTimeoutMs = 600_000;

/**
 * Ends what an earlier run still does on green. Returns when none of its sessions is left.
 * @throws `COPY_LOAD_RUNNING`
 */
export async function sweep(green: Server, report: Report): Promise<void> {
  const end = performance.now() + sweepTimeoutMs;
  const session = await green.session();
  for (let said = false; ; said = true) {
    const holders: string[] = [];
    for (let number = 0; number < mostWorkers; number++) {
      const holder = await holderOf(session, number);
      if (holder !== undefined) holders.push(holder);
    }
    if (holders.length === 0) return;
    if (performance.now() > end) {
      throw new WikiferryError(
        "COPY_LOAD_RUNNING",
        `an earlier load still runs in green's MariaDB (session ${holders.join(", ")})`,
        "Wait until it has been rolled back, then run again",
      );
    }
    if (!said) report({ step: "copy", message: "ending what an earlier run still does on green" });
    for (const id of holders) await session.run("KILL HARD CONNECTION ?", [Number(id)]).catch(ignoreGone);
    await sleep(50);
  }
}

function ignoreGone(error: unknown): number {
  // ER_NO_SUCH_THREAD: the session has ended by itself.
  if ((error as { errno?: number }).errno === 1094) return 0;
  throw error;
}
