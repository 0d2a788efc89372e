import { quoted } from "../../../../runtime/mariadb/identifier";
import type { Session } from "../../../../runtime/mariadb/server";
import { isInteger, literal } from "./columns";
import { type Bounds, boundsBetween, evenCuts } from "./ranges";
import type { Table } from "./tables";

/** A table with fewer pieces is one range. */
const leastPieces = 2;
/** Tables are divided so that each worker has about this many ranges in total. */
const rangesPerWorker = 3;
/** Beyond this many rows, walking an index to find the boundaries takes too long. */
const mostWalkedRows = 20_000_000;

/** The ranges of all tables, the largest tables first, a table's ranges in key order. */
export async function planRanges(
  session: Session,
  database: string,
  tables: readonly Table[],
  { workers, pieceBytes }: { workers: number; pieceBytes: number },
): Promise<{ table: string; bounds: Bounds }[]> {
  const totalBytes = tables.reduce((sum, table) => sum + table.bytes, 0);
  const rangeBytes = Math.max(pieceBytes, totalBytes / (workers * rangesPerWorker));
  const ranges: { table: string; bounds: Bounds }[] = [];
  for (const table of [...tables].sort((a, b) => b.bytes - a.bytes)) {
    const parts = table.bytes < leastPieces * pieceBytes ? 1 : Math.ceil(table.bytes / rangeBytes);
    for (const bounds of await boundsOf(session, database, table, parts))
      ranges.push({ table: table.name, bounds });
  }
  return ranges;
}

/** Divides a table by the first column of its key. */
async function boundsOf(session: Session, database: string, table: Table, parts: number): Promise<Bounds[]> {
  const column = table.key?.[0];
  if (!column || parts === 1) return [{}];
  const name = quoted(column.name);
  const from = `${quoted(database)}.${quoted(table.name)}`;
  if (isInteger(column)) {
    const ends = await session.row<{ low: string | null; high: string | null }>(
      `SELECT CAST(MIN(${name}) AS CHAR) AS low, CAST(MAX(${name}) AS CHAR) AS high FROM ${from}`,
    );
    if (!ends?.low || !ends.high) return [{}];
    return boundsBetween(evenCuts(BigInt(ends.low), BigInt(ends.high), parts).map(String));
  }
  if (table.rows > mostWalkedRows) return [{}];
  const cuts: string[] = [];
  const step = Math.floor(table.rows / parts);
  for (let part = 1; part < parts; part++) {
    const row = await session.row<{ hex: string }>(
      `SELECT HEX(${name}) AS hex FROM ${from} FORCE INDEX (${quoted(table.keyName as string)})
        ${cuts.length > 0 ? `WHERE ${name} > ${cuts.at(-1)}` : ""} ORDER BY ${name} LIMIT 1 OFFSET ${step}`,
    );
    if (!row) break;
    cuts.push(literal(column, Buffer.from(row.hex, "hex")));
  }
  return boundsBetween(cuts);
}
