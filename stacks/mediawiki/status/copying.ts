import { readCheckpoint } from "../../../engine/control/mariadb/checkpoint";
import type { Server } from "../../../engine/runtime/mariadb/server";

/** How far the copy of one table is. */
export interface TableProgress {
  name: string;
  /** 0 to 100. */
  percent: number;
  bytes: number;
  rows: number;
  /** Undefined until it is known. */
  bytesPerSecond?: number;
  leftMs?: number;
}

/** How far a copy is that is under way, by what its run last wrote. */
export interface CopyProgress {
  /** 0 to 100. */
  percent: number;
  bytes: number;
  rows: number;
  bytesPerSecond: number;
  leftMs?: number;
  /** Since its run last said so, in milliseconds; it does each second, so one that is older has ended. */
  ageMs: number;
  /** Each table whose copy has begun; completed ones last. */
  tables: TableProgress[];
}

/** A table as one look at the copy's records has it. */
export interface TableLook {
  name: string;
  done: boolean;
  bytes: number;
  rows: number;
  /** By blue's statistics; undefined once it is done. */
  totalBytes?: number;
}

/** One look at a copy's records on green. */
export interface CopyLook {
  atMs: number;
  ageMs: number;
  percent: number;
  bytes: number;
  rows: number;
  bytesPerSecond: number;
  leftMs?: number;
  tables: TableLook[];
}

/** What a run keeps in its checkpoint each second. */
interface Figures {
  percent: number;
  bytes: number;
  rows: number;
  bytesPerSecond: number;
  leftMs?: number;
  tables: { name: string; bytes: number; rows: number; totalBytes: number }[];
}

/** Undefined where a copy that says how far it is was not begun. Never writes. */
export async function lookAtCopy(green: Server): Promise<CopyLook | undefined> {
  const [checkpoint, age, ranges] = await Promise.all([
    readCheckpoint(green, "copy"),
    green.value(
      "SELECT TIMESTAMPDIFF(MICROSECOND, updated_at, UTC_TIMESTAMP(6)) FROM wikiferry.checkpoint WHERE name = 'copy'",
    ),
    green.rows<Record<"name" | "done" | "copied" | "n", string | number>>(
      `SELECT table_name AS name, MIN(done) AS done, SUM(copied_bytes) AS copied, SUM(copied_rows) AS n
         FROM wikiferry.copy_range GROUP BY table_name`,
    ),
  ]);
  const figures = checkpoint?.detail.progress as Figures | undefined;
  if (!figures) return undefined;
  const { percent, bytes, rows, bytesPerSecond, leftMs } = figures;
  const underWay = new Map(figures.tables.map((table) => [table.name, table]));
  const tables = ranges.map(({ name, done, copied, n }): TableLook => {
    const running = underWay.get(String(name));
    return {
      name: String(name),
      done: Number(done) === 1,
      // Pieces are on record once they are whole; the run itself counts what is on its way.
      bytes: Math.max(Number(copied), running?.bytes ?? 0),
      rows: Math.max(Number(n), running?.rows ?? 0),
      ...(running ? { totalBytes: running.totalBytes } : {}),
    };
  });
  return {
    atMs: performance.now(),
    ageMs: Number(age ?? 0) / 1000,
    percent,
    bytes,
    rows,
    bytesPerSecond,
    ...(leftMs === undefined ? {} : { leftMs }),
    tables,
  };
}

/** What two looks say: rates of tables are those between them. Pure. */
export function progressOf(now: CopyLook, before?: CopyLook): CopyProgress {
  const tables = now.tables
    .filter(({ bytes, done }) => bytes > 0 || done)
    .map((table): TableProgress => {
      const { name, done, bytes, rows, totalBytes } = table;
      if (done) return { name, percent: 100, bytes, rows };
      const percent = totalBytes ? Math.min(99, Math.floor((100 * bytes) / totalBytes)) : 0;
      const earlier = before?.tables.find((other) => other.name === name);
      const elapsedMs = before ? now.atMs - before.atMs : 0;
      if (!earlier || elapsedMs <= 0) return { name, percent, bytes, rows };
      const perMs = Math.max(0, bytes - earlier.bytes) / elapsedMs;
      const left = perMs > 0 && totalBytes ? Math.round(Math.max(0, totalBytes - bytes) / perMs) : undefined;
      return {
        name,
        percent,
        bytes,
        rows,
        bytesPerSecond: Math.round(perMs * 1000),
        ...(left === undefined ? {} : { leftMs: left }),
      };
    })
    .sort((a, b) => Number(a.percent === 100) - Number(b.percent === 100) || b.bytes - a.bytes);
  const { percent, bytes, rows, bytesPerSecond, leftMs, ageMs } = now;
  return {
    percent,
    bytes,
    rows,
    bytesPerSecond,
    ...(leftMs === undefined ? {} : { leftMs }),
    ageMs: Math.round(ageMs),
    tables,
  };
}
