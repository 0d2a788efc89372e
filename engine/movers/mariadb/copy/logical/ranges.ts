import { quoted } from "../../../../runtime/mariadb/identifier";
import { type Column, literal } from "./columns";

/** Part of a table by its key: rows whose first key column is at or after `from` and before `to`. */
export interface Bounds {
  /** SQL literals; undefined means no bound. */
  from?: string;
  to?: string;
}

/**
 * Rows within the bounds that come after `after` (values of all key columns) in key order. Written out column by
 * column, because MariaDB does not use an index for row comparisons.
 */
export function rangeCondition(
  key: readonly Column[],
  { from, to }: Bounds,
  after?: readonly Buffer[],
): string {
  const first = key[0];
  const conditions: string[] = [];
  if (first && after) conditions.push(`(${following(key, after)})`);
  else if (first && from !== undefined) conditions.push(`${quoted(first.name)} >= ${from}`);
  if (first && to !== undefined) conditions.push(`${quoted(first.name)} < ${to}`);
  return conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
}

/** Rows after `after` up to and including `upTo`, in key order. */
export function stretchCondition(
  key: readonly Column[],
  after?: readonly Buffer[],
  upTo?: readonly Buffer[],
): string {
  const conditions: string[] = [];
  if (after) conditions.push(`(${following(key, after)})`);
  if (upTo) conditions.push(`NOT (${following(key, upTo)})`);
  return conditions.length === 0 ? "1" : conditions.join(" AND ");
}

function following(key: readonly Column[], after: readonly Buffer[]): string {
  const same: string[] = [];
  const alternatives: string[] = [];
  for (const [at, column] of key.entries()) {
    const value = literal(column, after[at] as Buffer);
    alternatives.push([...same, `${quoted(column.name)} > ${value}`].join(" AND "));
    same.push(`${quoted(column.name)} = ${value}`);
  }
  return alternatives.join(" OR ");
}

/** Integers that divide `lowest` to `highest` into `parts` of equal width. */
export function evenCuts(lowest: bigint, highest: bigint, parts: number): bigint[] {
  const width = highest - lowest + 1n;
  const cuts: bigint[] = [];
  for (let part = 1; part < parts; part++) {
    const cut = lowest + (width * BigInt(part)) / BigInt(parts);
    if (cut > (cuts.at(-1) ?? lowest)) cuts.push(cut);
  }
  return cuts;
}

/** The parts of a table between boundaries, each a literal of the first key column. */
export function boundsBetween(cuts: readonly string[]): Bounds[] {
  return Array.from({ length: cuts.length + 1 }, (_, at) => ({
    ...(at > 0 ? { from: cuts[at - 1] as string } : {}),
    ...(at < cuts.length ? { to: cuts[at] as string } : {}),
  }));
}
