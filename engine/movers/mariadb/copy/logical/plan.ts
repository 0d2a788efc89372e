import { readCheckpoint, writeCheckpoint } from "../../../../control/mariadb/checkpoint";
import type { Server } from "../../../../runtime/mariadb/server";
import type { CopyFigures } from "./progress";
import type { Bounds } from "./ranges";
import type { SnapshotPosition } from "./snapshot";

/** What a started copy needs in order to continue, stored on green. */
export interface CopyPlan {
  /** The run that copies. Another one that takes over writes its own name. */
  owner: string;
  /** Of blue's definitions, which must not change before all rows are copied. */
  fingerprint: string;
  /** The states of blue's data from which rows were copied, oldest first. */
  snapshots: SnapshotPosition[];
  /** Green's original settings, while others are in force. */
  settings: Record<string, string>;
  /** Whether green has started to apply blue's stream, from the first snapshot on. */
  applying: boolean;
  /** Time spent by runs that have ended, in milliseconds. */
  spentMs: number;
}

/** The name of the checkpoint in which all methods record their progress. */
const checkpoint = "copy";
const state = "copying";

/** Undefined where no logical copy is under way. */
export async function readPlan(green: Server): Promise<CopyPlan | undefined> {
  const found = await readCheckpoint(green, checkpoint);
  const plan = found?.state === state ? (found.detail.plan as CopyPlan | undefined) : undefined;
  return plan;
}

export async function writePlan(green: Server, plan: CopyPlan): Promise<void> {
  await writeCheckpoint(green, checkpoint, {
    state,
    gtid: plan.snapshots[0]?.gtid ?? "",
    detail: { method: "logical", plan },
  });
}

/**
 * Records a run's progress, unless a later run has taken over: a statement that a killed or disconnected run had sent
 * may arrive after that, and would discard the later run's snapshot.
 */
export async function writeProgress(green: Server, plan: CopyPlan, figures: CopyFigures): Promise<void> {
  const session = await green.sessionWithoutBinlog();
  await session.run(
    `UPDATE wikiferry.checkpoint SET detail = ?, updated_at = UTC_TIMESTAMP(6)
      WHERE name = ? AND state = ? AND JSON_VALUE(detail, '$.plan.owner') = ?
        AND JSON_LENGTH(detail, '$.plan.snapshots') = ?`,
    [
      JSON.stringify({ method: "logical", plan, progress: figures }),
      checkpoint,
      state,
      plan.owner,
      plan.snapshots.length,
    ],
  );
}

/** A part of a table that one worker copies, piece by piece. */
export interface Range {
  id: number;
  table: string;
  bounds: Bounds;
  /** Key of the last row copied. */
  after: Buffer[] | undefined;
  done: boolean;
  /** Numbers of the snapshots from which its first and its last piece came. */
  firstSnapshot: number | undefined;
  lastSnapshot: number | undefined;
  rows: number;
  bytes: number;
}

export async function readRanges(green: Server): Promise<Range[]> {
  const rows = await green.rows<Record<string, string | number | null>>(
    "SELECT * FROM wikiferry.copy_range ORDER BY id",
  );
  const number = (value: string | number | null | undefined) =>
    value === null || value === undefined ? undefined : Number(value);
  return rows.map((row) => ({
    id: Number(row.id),
    table: String(row.table_name),
    bounds: JSON.parse(String(row.bounds)) as Bounds,
    after:
      row.after_key === null
        ? undefined
        : (JSON.parse(String(row.after_key)) as string[]).map((hex) => Buffer.from(hex, "hex")),
    done: Number(row.done) === 1,
    firstSnapshot: number(row.first_snapshot),
    lastSnapshot: number(row.last_snapshot),
    rows: Number(row.copied_rows),
    bytes: Number(row.copied_bytes),
  }));
}

/** Replaces all ranges with new ones. None is copied yet. */
export async function writeRanges(
  green: Server,
  ranges: readonly { table: string; bounds: Bounds }[],
): Promise<void> {
  const session = await green.sessionWithoutBinlog();
  await session.run("DELETE FROM wikiferry.copy_range");
  for (let from = 0; from < ranges.length; from += 500) {
    const some = ranges.slice(from, from + 500);
    await session.run("INSERT INTO wikiferry.copy_range (id, table_name, bounds) VALUES ?", [
      some.map(({ table, bounds }, at) => [from + at + 1, table, JSON.stringify(bounds)]),
    ]);
  }
}

/** Whether rows were copied from a state of blue's data that the plan does not know. Such a copy can't be continued. */
export async function isBehindItsRanges(green: Server, plan: CopyPlan): Promise<boolean> {
  const newest = await green.value("SELECT MAX(last_snapshot) FROM wikiferry.copy_range");
  return Number(newest ?? 0) > plan.snapshots.length;
}

/** Resets ranges, so that nothing of them counts as copied. */
export async function forgetRanges(green: Server, tables: readonly string[]): Promise<void> {
  if (tables.length === 0) return;
  const session = await green.sessionWithoutBinlog();
  await session.run(
    `UPDATE wikiferry.copy_range SET after_key = NULL, done = FALSE, first_snapshot = NULL, last_snapshot = NULL,
            copied_rows = 0, copied_bytes = 0 WHERE table_name IN (?)`,
    [tables],
  );
}

/** The statement that records a piece, for the transaction that contains its rows. */
export function recordPiece(
  range: Pick<Range, "id" | "done" | "after">,
  snapshot: number,
  piece: { rows: number; bytes: number },
): string {
  const after = range.after
    ? `'${JSON.stringify(range.after.map((value) => value.toString("hex")))}'`
    : "NULL";
  return `UPDATE wikiferry.copy_range SET after_key = ${after}, done = ${range.done},
    first_snapshot = COALESCE(first_snapshot, ${snapshot}), last_snapshot = ${snapshot},
    copied_rows = copied_rows + ${piece.rows}, copied_bytes = copied_bytes + ${piece.bytes} WHERE id = ${range.id}`;
}
