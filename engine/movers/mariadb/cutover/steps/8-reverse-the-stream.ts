import { WikiferryError } from "../../../../errors";
import { isFollowing, order } from "../../replication/follow";
import { replicationStatus } from "../../replication/status";
import type { Step } from "../flip";

/**
 * Lets the old primary follow the new one, which still follows it: a ring whose only writer is this tool. Each side
 * skips transactions with its own `server_id`, so nothing circulates. The old primary has been receiving since the
 * intent; now it applies.
 */
export const reverseTheStream: Step = {
  name: "reverse the stream",
  async run(flip) {
    const session = await flip.source.sessionWithoutBinlog();
    await flip.writersEnded;
    await order(session, flip.ctx.holder, "START SLAVE SQL_THREAD");
    for (;;) {
      const status = await replicationStatus(flip.source);
      if (isFollowing(status, flip.target.place.replication)) break;
      // While it connects its state is "connecting". A thread that stopped stays stopped, and waiting for a retry costs
      // a second.
      const stopped = status === undefined || status.sqlError.number !== 0 || status.io === "no";
      if (stopped || (flip.deadline?.leftMs() ?? 0) <= 1) {
        throw new WikiferryError(
          "CUTOVER_REVERSE",
          `${flip.from} does not follow ${flip.to}: ${status?.sqlError.message || status?.ioError.message || "no thread runs"}`,
          `It was undone: ${flip.from} takes writes. See that ${flip.from} reaches ${flip.to}'s replication address, then run again`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  },
};
