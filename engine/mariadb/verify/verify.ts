import { WikiferryError } from "../../errors";
import { type Report, silent } from "../../progress";
import type { Server, Session } from "../server";
import { definitionDifferences, isTransactional, readDefinitions, type TableDefinition } from "./definitions";
import { compareLooseTable } from "./looseTable";
import { recordVerification, type TableDifference, type Verification } from "./record";
import { digestQuery, readDigest, sameDigest, type TableDigest } from "./rowHash";
import { openSnapshots } from "./snapshots";

/**
 * Compares every base table of `database` on both servers as a whole, at one and the same GTID, while the primary
 * takes writes and without a lock on it, and records the result on both.
 * @throws `VERIFY_MISMATCH` naming the tables, `VERIFY_NO_SNAPSHOT`
 */
export async function verify(
  primary: Server,
  replica: Server,
  database: string,
  report: Report = silent,
): Promise<Verification> {
  const start = performance.now();
  const snapshots = await openSnapshots(primary, replica);
  const differing: TableDifference[] = [];
  let tables: TableDefinition[];
  let rows = 0n;
  try {
    const [originals, copies] = await Promise.all([
      readDefinitions(snapshots.primary, database),
      readDefinitions(snapshots.replica, database),
    ]);
    tables = originals;
    for (const copy of copies) {
      if (!originals.some((table) => table.name === copy.name))
        differing.push({ table: copy.name, what: ["it is not on the primary"] });
    }
    const loose: { table: TableDefinition; what: string[] }[] = [];
    const totalBytes = originals.reduce((sum, table) => sum + table.bytes, 0);
    let doneBytes = 0;
    for (const table of originals) {
      const copy = copies.find((other) => other.name === table.name);
      if (!copy) {
        differing.push({ table: table.name, what: [`it is missing on ${replica.side}`] });
        continue;
      }
      const what = definitionDifferences(table, copy);
      // Columns that are not the same can't be compared as rows, and need not be.
      if (table.columns.some((column, at) => column.name !== copy.columns[at]?.name)) {
        differing.push({ table: table.name, what });
        continue;
      }
      if (!isTransactional(table) || !isTransactional(copy)) {
        loose.push({ table, what });
        continue;
      }
      const name = qualified(database, table.name);
      const [there, here] = await Promise.all([
        digest(snapshots.primary, name, table),
        digest(snapshots.replica, name, table),
      ]);
      rows += BigInt(there.rows);
      what.push(...digestDifferences(there, here));
      what.push(...(await numberingDifferences(snapshots.primary, database, table, copy)));
      if (what.length > 0) differing.push({ table: table.name, what });
      doneBytes += table.bytes;
      report({
        step: "verify",
        message: `${table.name}: ${there.rows} rows`,
        percent: totalBytes === 0 ? 100 : (100 * doneBytes) / totalBytes,
      });
    }
    for (const { table, what } of loose) {
      const found = await compareLooseTable(primary, replica, qualified(database, table.name), table.columns);
      rows += found.rows;
      if (found.differing > 0) what.push(`rows: ${found.differing} differ`);
      if (what.length > 0) differing.push({ table: table.name, what });
    }
  } finally {
    snapshots.primary.destroy();
    snapshots.replica.destroy();
  }
  const result: Verification = {
    ok: differing.length === 0,
    gtid: snapshots.gtid,
    tables: tables.length,
    rows: String(rows),
    ms: Math.round(performance.now() - start),
    differing,
  };
  await Promise.all([primary, replica].map((server) => recordVerification(server, result)));
  if (!result.ok) throw mismatch(replica, result);
  return result;
}

function qualified(database: string, table: string): string {
  return [database, table].map((name) => `\`${name.replaceAll("`", "``")}\``).join(".");
}

async function digest(session: Session, name: string, table: TableDefinition): Promise<TableDigest> {
  const row = await session.row<{ n: string | number; s: string | null }>(digestQuery(name, table.columns));
  const found = row && readDigest(row);
  if (found) return found;
  throw new WikiferryError(
    "VERIFY_ROW_TOO_LONG",
    `${name} on ${session.side} has a row that can't be hashed: without its TEXT and BLOB columns it is longer than max_allowed_packet`,
    "Raise max_allowed_packet on both servers, then run again",
  );
}

function digestDifferences(there: TableDigest, here: TableDigest): string[] {
  if (sameDigest(there, here)) return [];
  return there.rows === here.rows
    ? [`the content of its ${there.rows} rows`]
    : [`rows: ${here.rows} instead of ${there.rows}`];
}

/**
 * The next number of the copy must be above every number in use. It may stay behind the original's: an insert that
 * was rolled back uses up numbers on the primary alone, and they were never anyone's.
 */
async function numberingDifferences(
  session: Session,
  database: string,
  table: TableDefinition,
  copy: TableDefinition,
): Promise<string[]> {
  if (!table.autoColumn) return [];
  const column = `\`${table.autoColumn.replaceAll("`", "``")}\``;
  const used = await session.value(`SELECT MAX(${column}) FROM ${qualified(database, table.name)}`);
  if (used === undefined || (copy.autoIncrement ?? 0n) > BigInt(used)) return [];
  return [`AUTO_INCREMENT is ${copy.autoIncrement ?? "none"}, though ${used} is in use`];
}

function mismatch(replica: Server, result: Verification): WikiferryError {
  const named = result.differing
    .slice(0, 10)
    .map(({ table, what }) => `${table} (${what.join("; ")})`)
    .join(", ");
  const more = result.differing.length > 10 ? ` and ${result.differing.length - 10} more` : "";
  return new WikiferryError(
    "VERIFY_MISMATCH",
    `at ${result.gtid}, ${result.differing.length} of ${result.tables} tables on ${replica.side} are not the same: ${named}${more}`,
    "Find out what wrote there, then let the copy be made anew; no flip is possible until a verification has passed",
  );
}
