import { WikiferryError } from "../../../../errors";
import { errant } from "../../replication/gtid";
import { replicationStatus } from "../../replication/status";
import { autoIncrementQuery, autoIncrementsOf, lagging, readAutoIncrements } from "../autoIncrement";
import { type Flip, type Step, sessionOn } from "../flip";
import { seeThatItStandsStill } from "../standStill";

/** Waits until the new primary has applied everything, and checks that it has nothing else. */
export const catchUp: Step = {
  name: "catch up",
  async run(flip) {
    const timeoutMs = Math.min(
      flip.ctx.limits.catchUpMs,
      flip.deadline?.leftMs() ?? Number.POSITIVE_INFINITY,
    );
    const { database } = flip.ctx;
    const applied = sessionOn(flip, flip.to).resultSets(
      `BEGIN NOT ATOMIC
         SELECT MASTER_GTID_WAIT(?, ?) AS reached;
         SELECT @@GLOBAL.gtid_binlog_pos AS position;
         ${autoIncrementQuery};
       END`,
      [flip.fenceGtid, timeoutMs / 1000, database],
    );
    const [[reached, position, numbers], numbering] = await Promise.all([
      applied,
      readAutoIncrements(flip.source, database),
    ]);
    if (String(reached?.[0]?.reached) !== "0") throw await notCaughtUp(flip, timeoutMs);
    const copied = autoIncrementsOf(numbers ?? []);
    const stray = errant(flip.fenceGtid, String(position?.[0]?.position ?? ""));
    if (stray) {
      // A write that the fence did not stop reaches the new primary as well.
      await seeThatItStandsStill(flip);
      throw new WikiferryError(
        "REPL_ERRANT_GTID",
        `${flip.to} has ${stray}, which ${flip.from} (${flip.fenceGtid}) does not have`,
        `Something wrote on ${flip.to}: find it in its binary log, apply it on the other side by session, and copy again (npm run copy:again)`,
      );
    }
    const behind = lagging(numbering, copied);
    if (behind.size > 0) await checkNumbersInUse(flip, behind, copied);
    // Both stand still from here on. This runs beside the start of the reverse stream and adds almost no time.
    flip.ctx.verification?.finish(flip.fenceGtid);
  },
};

/**
 * Numbers that rolled-back inserts used up are not in use, so the copy may be behind by those. It may not be behind a
 * number in use.
 */
async function checkNumbersInUse(
  flip: Flip,
  behind: ReadonlyMap<string, bigint>,
  copied: ReadonlyMap<string, bigint>,
): Promise<void> {
  const columns = await flip.source.rows<{ tbl: string; col: string }>(
    `SELECT table_name AS tbl, column_name AS col FROM information_schema.columns
      WHERE table_schema = ? AND table_name IN (?) AND extra LIKE '%auto_increment%'`,
    [flip.ctx.database, [...behind.keys()]],
  );
  for (const { tbl, col } of columns) {
    const used = await flip.source.value("SELECT MAX(??) FROM ??.??", [col, flip.ctx.database, tbl]);
    const next = copied.get(tbl) ?? 0n;
    if (used === undefined || next > BigInt(used)) continue;
    throw new WikiferryError(
      "CUTOVER_NUMBERING",
      `the next number of ${tbl} on ${flip.to} is ${next}, though ${used} is in use`,
      `ALTER TABLE ${tbl} AUTO_INCREMENT = ${BigInt(used) + 1n} on ${flip.to} with sql_log_bin = 0, then run again`,
    );
  }
}

async function notCaughtUp(flip: Flip, timeoutMs: number): Promise<WikiferryError> {
  const status = await replicationStatus(flip.target);
  return new WikiferryError(
    "CUTOVER_CATCH_UP",
    `${flip.to} did not apply ${flip.fenceGtid} within ${Math.round(timeoutMs)} ms; it is at ${status?.appliedGtid ?? "none"} (${status?.sqlError.message || status?.ioError.message || status?.sqlState || "following no one"})`,
    `It was undone: ${flip.from} takes writes. See what keeps ${flip.to} back, then run again`,
  );
}
