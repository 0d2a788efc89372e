import { WikiferryError } from "../../../errors";
import { samePosition } from "../replication/gtid";
import { positions } from "../replication/status";
import type { Flip } from "./flip";

/** Reads the old primary's last transaction again. It must not have moved. @throws `CUTOVER_STRAY_WRITE` */
export async function seeThatItStandsStill(flip: Flip): Promise<void> {
  const now = (await positions(flip.source)).binlog;
  if (samePosition(now, flip.fenceGtid)) return;
  throw new WikiferryError(
    "CUTOVER_STRAY_WRITE",
    `${flip.from} is fenced at ${flip.fenceGtid} and still writes: it is at ${now}`,
    "Something with READ_ONLY ADMIN or SUPER writes there (an event, a cron job, an administrator): stop it, then run again",
  );
}
