import { hasControlSchema } from "../../control/mariadb/schema";
import { WikiferryError } from "../../errors";
import { describeCopy, forgetCopy } from "../../movers/mariadb/copy/again";
import { admit, open } from "../../movers/mariadb/cutover/access";
import type { MoveSession } from "../../session";
import { turnToBlue } from "./gate";
import { UndoLease } from "./lease";
import { refuseActiveGreen, standingOf } from "./standing";

export interface CopyAgainPlan {
  /** What green has, in a few words. */
  green: string;
}

/**
 * Whether the database may be copied again. Never writes.
 * @throws `UNDO_GREEN_ACTIVE`, `CTRL_TWO_PRIMARIES`, `COPY_CANARY`, `COPY_DIRECTION`; what keeps a side from answering
 */
export async function planCopyAgain(
  move: MoveSession,
  wanted: { phase: string; canary: number },
): Promise<CopyAgainPlan> {
  const standing = await standingOf(move);
  refuseActiveGreen(standing, "copying to it", wanted.phase === "retire");
  const away = standing.away.blue ?? standing.away.green;
  if (away) throw away;
  if (standing.primary === undefined) {
    throw new WikiferryError(
      "COPY_DIRECTION",
      "neither database has a record of who is the primary, so there is no copy to forget",
      "`npx pulumi up` adopts blue and, from phase sync on, copies",
    );
  }
  if (wanted.canary > 0) {
    throw new WikiferryError(
      "COPY_CANARY",
      `canary is ${wanted.canary}, so green serves page views from the copy that would be removed`,
      "npx pulumi config set canary 0 && npx pulumi up, then run this again; nothing was changed",
    );
  }
  return { green: await describeCopy(move.green) };
}

/**
 * Green forgets its copy, and page views go to blue. Can be killed and run again.
 * @throws `CTRL_LEASE_HELD`, `UNDO_GREEN_ACTIVE`, `CTRL_TWO_PRIMARIES` before anything was changed
 */
export async function copyAgain(move: MoveSession): Promise<void> {
  const lease = await UndoLease.take(move.blue, "copy again", move.report);
  try {
    // Someone may have flipped since the plan.
    refuseActiveGreen(await standingOf(move), "copying to it", false);
    // What a killed flip fenced is opened again before anything else.
    if (await hasControlSchema(move.blue)) await open(move.blue, lease.holder);
    await admit(move.blue, move.spec.wiki.appUser);
    await turnToBlue(move);
    move.report({ step: "copy again", message: "green follows nobody and forgets its copy" });
    await forgetCopy(move);
  } finally {
    await lease.release().catch(() => {});
  }
}
