import { quoted } from "../../../runtime/mariadb/identifier";
import type { Session } from "../../../runtime/mariadb/server";
import type { ColumnDefinition, TableDefinition, TableKey } from "./definitions";
import { describeValue, isWholeNumber, literal } from "./keys";

/** A range of a table by its key's first column. */
export interface Range {
  /** SQL that matches its rows. */
  where: string;
  /** For people, such as `old_id 1000 to 1999`; empty for the whole table. */
  words: string;
  /** Approximate. */
  bytes: number;
}

/** Approximate size of one range, in bytes. */
export const rangeBytes = 4_000_000;

export const wholeTable = (bytes: number): Range => ({ where: "1", words: "", bytes });

/**
 * Divides a table with a key into ranges of about equal size, without gaps, so that each row that either side has is in
 * exactly one. It assumes that numbers are spread evenly; where they are not, ranges differ in size. Never writes.
 */
export async function cutIntoRanges(
  session: Session,
  name: string,
  table: Pick<TableDefinition, "key" | "dataBytes" | "approximateRows">,
): Promise<Range[]> {
  const { key, dataBytes: bytes } = table;
  const pieces = Math.ceil(bytes / rangeBytes);
  const first = key?.columns[0];
  if (!key || !first || pieces <= 1) return [wholeTable(bytes)];
  const borders = isWholeNumber(first)
    ? await evenBorders(session, name, first, pieces)
    : await walkedBorders(session, name, key, Math.ceil(table.approximateRows / pieces));
  return between(first, borders, bytes);
}

async function evenBorders(
  session: Session,
  name: string,
  { name: column }: ColumnDefinition,
  pieces: number,
): Promise<string[]> {
  const row = await session.row<{ low: string | number | null; high: string | number | null }>(
    `SELECT MIN(${quoted(column)}) AS low, MAX(${quoted(column)}) AS high FROM ${name}`,
  );
  if (row?.low === null || row?.high === null || row === undefined) return [];
  return bordersBetween(BigInt(row.low), BigInt(row.high), pieces).map(String);
}

/**
 * Where to divide the numbers from `low` to `high` into at most `pieces` of equal length: the first of each but the
 * first.
 */
export function bordersBetween(low: bigint, high: bigint, pieces: number): bigint[] {
  const span = high - low + 1n;
  const count = span < BigInt(pieces) ? span : BigInt(pieces);
  const borders: bigint[] = [];
  for (let n = 1n; n < count; n++) borders.push(low + (span * n) / count);
  return borders;
}

/** Reads every n-th row's key from the index. */
async function walkedBorders(
  session: Session,
  name: string,
  { index, columns }: TableKey,
  step: number,
): Promise<string[]> {
  const first = columns[0] as ColumnDefinition;
  const column = quoted(first.name);
  const isHex = first.charset !== undefined || first.dataType.endsWith("binary");
  const borders: string[] = [];
  for (;;) {
    const last = borders.at(-1);
    const value = await session.value(
      `SELECT ${isHex ? `HEX(${column})` : column} FROM ${name} FORCE INDEX (${quoted(index)})
        ${last === undefined ? "" : `WHERE ${column} > ${literal(first, last)}`} ORDER BY ${column} LIMIT ?, 1`,
      [Math.max(1, step)],
    );
    if (value === undefined) return borders;
    borders.push(value);
  }
}

/** The ranges between these borders: below the first, between each two, from the last on. */
function between(first: ColumnDefinition, borders: readonly string[], bytes: number): Range[] {
  if (borders.length === 0) return [wholeTable(bytes)];
  const column = quoted(first.name);
  const share = bytes / (borders.length + 1);
  const show = (text: string) => describeValue(first, text);
  return [undefined, ...borders].map((from, at) => {
    const to = borders[at];
    const where = [
      from === undefined ? [] : [`${column}>=${literal(first, from)}`],
      to === undefined ? [] : [`${column}<${literal(first, to)}`],
    ].flat();
    const words = [
      from === undefined ? [] : [`from ${show(from)}`],
      to === undefined ? [] : [`below ${show(to)}`],
    ].flat();
    return { where: where.join(" AND "), words: `${first.name} ${words.join(" ")}`, bytes: share };
  });
}
