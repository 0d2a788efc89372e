import type { Session } from "../../../runtime/mariadb/server";
import type { TableDefinition } from "./definitions";
import { rowHash, sumOfHashes } from "./digest";
import { describeKey, type KeyText, keyTextOf } from "./keys";

/** One row that is not the same on both sides. */
export interface RowDifference {
  /** Its key; without one the SHA-1 of its content. */
  key: KeyText;
  /** For people. */
  row: string;
  how: "missing" | "too many" | "other values";
  /** For a row without a key: how many more the replica has; negative if fewer. */
  surplus?: number;
}

/** Approximate rows per bucket, which is how many are listed at a time. */
const bucketRows = 500;
const bucketsAtATime = 16;

export interface Located {
  /** Whether the rows are equal after all and were only read in a different order. */
  same: boolean;
  rows: RowDifference[];
  /** Whether there are more than `most`. */
  more: boolean;
}

/**
 * Finds the rows that differ in a range of a table. Both sides first sum their rows' hashes in buckets by key, then
 * list the buckets that differ, so memory does not grow with the table. Never writes.
 * @param most The maximum number of rows to name.
 */
export async function locateDifferences(
  primary: Session,
  replica: Session,
  what: { name: string; table: TableDefinition; where: string; rows: number; most: number },
): Promise<Located> {
  const { name, table, where, most } = what;
  const id = table.key ? keyTextOf(table.key.columns) : rowHash(table.columns);
  const bucket = `CRC32(${id})%${Math.max(1, Math.ceil(what.rows / bucketRows))}`;
  const sums = (session: Session) =>
    session.rows<{ b: string | number; n: string | number; h: string | null }>(
      `SELECT ${bucket} AS b, COUNT(*) AS n, ${sumOfHashes(table.columns)} AS h FROM ${name} WHERE ${where} GROUP BY 1`,
    );
  const [there, here] = await Promise.all([sums(primary), sums(replica)]);
  const digests = (rows: typeof there) => new Map(rows.map(({ b, n, h }) => [String(b), `${n} ${h}`]));
  const suspects = unequal(digests(there), digests(here));
  const same = suspects.length === 0;
  const found: RowDifference[] = [];
  while (suspects.length > 0 && found.length <= most) {
    const some = suspects.splice(0, bucketsAtATime);
    const list = (session: Session) =>
      session.rows<{ k: string; h: string; n: string | number }>(
        `SELECT ${id} AS k, ${rowHash(table.columns)} AS h, COUNT(*) AS n FROM ${name}
          WHERE (${where}) AND ${bucket} IN (${some.join(",")}) GROUP BY 1, 2`,
      );
    const [original, copy] = await Promise.all([list(primary), list(replica)]);
    found.push(...(table.key ? byKey(original, copy) : byContent(original, copy)));
  }
  const words = ({ key }: RowDifference) =>
    table.key ? describeKey(table.key.columns, key) : `a row with SHA-1 ${key}`;
  return {
    same,
    rows: found.slice(0, most).map((difference) => ({ ...difference, row: words(difference) })),
    more: found.length > most,
  };
}

function unequal(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): string[] {
  return [...new Set([...a.keys(), ...b.keys()])].filter((key) => a.get(key) !== b.get(key));
}

type Listed = { k: string; h: string; n: string | number };

/** Rows with a key: which are missing, extra, or have different values. */
export function byKey(original: readonly Listed[], copy: readonly Listed[]): RowDifference[] {
  const there = new Map(original.map(({ k, h }) => [k, h]));
  const here = new Map(copy.map(({ k, h }) => [k, h]));
  return unequal(there, here).map((key) => ({
    key,
    row: key,
    how: !here.has(key) ? "missing" : there.has(key) ? "other values" : "too many",
  }));
}

/** Rows without a key: which content occurs too rarely or too often. */
export function byContent(original: readonly Listed[], copy: readonly Listed[]): RowDifference[] {
  const there = new Map(original.map(({ k, n }) => [k, Number(n)]));
  const here = new Map(copy.map(({ k, n }) => [k, Number(n)]));
  return [...new Set([...there.keys(), ...here.keys()])].flatMap((key) => {
    const surplus = (here.get(key) ?? 0) - (there.get(key) ?? 0);
    if (surplus === 0) return [];
    return [{ key, row: key, how: surplus < 0 ? ("missing" as const) : ("too many" as const), surplus }];
  });
}
