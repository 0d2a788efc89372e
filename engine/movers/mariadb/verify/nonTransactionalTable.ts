import type { Server } from "../../../runtime/mariadb/server";
import { waitForGtid } from "../replication/follow";
import { positions } from "../replication/status";
import { rowHash } from "./digest";
import type { ColumnKind } from "./rowText";

/** How many pairs of looks at a table that no snapshot can freeze. */
const looks = 5;
const catchUpMs = 10_000;

/**
 * Compares a table of a non-transactional engine (MyISAM, Aria) while writes continue. Each look reads both sides' rows
 * one after the other and may catch rows in transit. A row that is missing or extra in every look, with the same
 * content, differs for good.
 * @returns How many rows the original has, and how many differ.
 */
export async function compareNonTransactionalTable(
  primary: Server,
  replica: Server,
  table: string,
  columns: readonly ColumnKind[],
): Promise<{ rows: bigint; differing: number }> {
  let suspects: Map<string, number> | undefined;
  let rows = 0n;
  for (let look = 0; look < looks; look++) {
    const there = await hashes(primary, table, columns);
    await waitForGtid(replica, (await positions(primary)).binlog, catchUpMs);
    const here = await hashes(replica, table, columns);
    rows = 0n;
    for (const count of there.values()) rows += BigInt(count);
    const differing = surplus(there, here);
    suspects = suspects === undefined ? differing : common(suspects, differing);
    if (suspects.size === 0) break;
  }
  return { rows, differing: suspects?.size ?? 0 };
}

async function hashes(
  server: Server,
  table: string,
  columns: readonly ColumnKind[],
): Promise<Map<string, number>> {
  const rows = await server.rows<{ h: string; n: string | number }>(
    `SELECT ${rowHash(columns)} AS h, COUNT(*) AS n FROM ${table} GROUP BY 1`,
  );
  return new Map(rows.map((row) => [row.h, Number(row.n)]));
}

/** For each hash, how many more rows have it in `a` than in `b`; negative if fewer, absent if equal. */
export function surplus(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): Map<string, number> {
  const found = new Map<string, number>();
  for (const hash of new Set([...a.keys(), ...b.keys()])) {
    const more = (a.get(hash) ?? 0) - (b.get(hash) ?? 0);
    if (more !== 0) found.set(hash, more);
  }
  return found;
}

/** The differences that both have, with the same sign. */
export function common(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): Map<string, number> {
  return new Map([...a].filter(([hash, more]) => Math.sign(more) === Math.sign(b.get(hash) ?? 0)));
}
