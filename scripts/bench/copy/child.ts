import { messageOf } from "../../../engine/errors";
import { copyDatabase } from "../../../engine/movers/mariadb/copy/copy";
import { silent } from "../../../engine/progress";
import { openMoveSession } from "../../../engine/session";
import type { CopyOrder, CopyOutcome } from "./copyOrder";

/* One copy in a separate process, so that its memory can be measured. */

async function copy({ spec, secrets }: CopyOrder): Promise<CopyOutcome> {
  const move = openMoveSession(spec, secrets, silent);
  const started = performance.now();
  let error: string | undefined;
  try {
    await copyDatabase(move);
  } catch (thrown) {
    error = messageOf(thrown);
  }
  const seconds = (performance.now() - started) / 1000;
  await move.close();
  return { seconds, peakMemoryBytes: process.resourceUsage().maxRSS * 1024, ...(error && { error }) };
}

process.once("disconnect", () => process.exit(0));
process.once("message", async (order: CopyOrder) => process.send?.(await copy(order)));
