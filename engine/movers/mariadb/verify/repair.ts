import { WikiferryError } from "../../../errors";
import { type Report, silent } from "../../../progress";
import { quoted } from "../../../runtime/mariadb/identifier";
import type { Row, Server, Session } from "../../../runtime/mariadb/server";
import { isTransactional, readDefinitions, type TableDefinition } from "./definitions";
import { rowHash } from "./digest";
import { withKeys } from "./keys";
import type { RowDifference } from "./locateDifferences";
import type { TableDifference } from "./record";
import type { ColumnKind } from "./rowText";
import { openSnapshots, type SnapshotOptions } from "./snapshots";

/** Rows that are read and written at a time. */
const batchRows = 50;

/**
 * Copies the rows that differ again from the primary to the replica, without the binary log, while the replica stands
 * at exactly the state that is read. Differences other than single rows are left as they are.
 * @returns how many rows
 * @throws `VERIFY_NOT_REPAIRABLE` before anything is changed
 */
export async function repairRows(
  primary: Server,
  replica: Server,
  database: string,
  differing: readonly TableDifference[],
  report: Report = silent,
): Promise<number> {
  for (const { table, rows, more } of differing) {
    if (rows && !more) continue;
    throw notRepairable(
      replica,
      table,
      more ? "more rows differ than are mended" : "it differs in more than rows",
    );
  }
  let mended = 0;
  const mend: SnapshotOptions["whileStill"] = async ({ primary: [source] }) => {
    const target = await replica.open();
    try {
      await target.run(
        "SET SESSION sql_log_bin = 0, foreign_key_checks = 0, sql_mode = 'NO_AUTO_VALUE_ON_ZERO'",
      );
      await refuseTriggers(replica, target, database, differing);
      const tables = await readDefinitions(source as Session, database);
      await target.run("START TRANSACTION");
      for (const { table: name, rows = [] } of differing) {
        const table = tables.find((other) => other.name === name);
        if (!table || !isTransactional(table))
          throw notRepairable(replica, name, "no snapshot can freeze it");
        report({ step: "verify", message: `${name}: copying ${rows.length} rows again` });
        await mendTable(source as Session, target, database, table, rows);
        mended += rows.length;
      }
      await target.run("COMMIT");
    } finally {
      // Whatever was not committed is rolled back with it.
      target.destroy();
    }
  };
  const snapshots = await openSnapshots(primary, replica, { whileStill: mend });
  await snapshots.close();
  return mended;
}

/** The stream delivers what a trigger did as rows; here the trigger would do it a second time. */
async function refuseTriggers(
  replica: Server,
  target: Session,
  database: string,
  differing: readonly TableDifference[],
): Promise<void> {
  const name = await target.value(
    "SELECT event_object_table FROM information_schema.triggers WHERE event_object_schema = ? AND event_object_table IN (?) LIMIT 1",
    [database, differing.map(({ table }) => table)],
  );
  if (name !== undefined) throw notRepairable(replica, name, "it has a trigger, which would act");
}

async function mendTable(
  source: Session,
  target: Session,
  database: string,
  table: TableDefinition,
  rows: readonly RowDifference[],
): Promise<void> {
  const name = `${quoted(database)}.${quoted(table.name)}`;
  if (!table.key) {
    for (const { key, surplus = 0 } of rows) {
      const same = `${rowHash(table.columns)}='${key}'`;
      if (surplus > 0) await target.run(`DELETE FROM ${name} WHERE ${same} LIMIT ${surplus}`);
      else
        await insert(target, name, table, await readRows(source, name, table, `${same} LIMIT ${-surplus}`));
    }
    return;
  }
  const { columns } = table.key;
  const batches = Array.from({ length: Math.ceil(rows.length / batchRows) }, (_, n) =>
    withKeys(
      columns,
      rows.slice(n * batchRows, (n + 1) * batchRows).map(({ key }) => key),
    ),
  );
  // Deletes all before inserting any: among each other they may have swapped unique values.
  for (const where of batches) await target.run(`DELETE FROM ${name} WHERE ${where}`);
  for (const where of batches) await insert(target, name, table, await readRows(source, name, table, where));
}

const stored = (table: TableDefinition) =>
  table.columns.filter((column) => !column.virtual && !/ GENERATED/.test(column.text));

/** Values as they can be written back byte for byte: text and bytes in hex. */
async function readRows(
  source: Session,
  name: string,
  table: TableDefinition,
  where: string,
): Promise<Row[]> {
  const columns = stored(table).map((column, at) => `${readable(column)} AS c${at}`);
  return await source.rows(`SELECT ${columns.join(",")} FROM ${name} WHERE ${where}`);
}

function readable(column: ColumnKind): string {
  const name = quoted(column.name);
  switch (column.dataType) {
    case "float":
      return `CAST(${name} AS DOUBLE)`;
    case "enum":
    case "set":
    case "bit":
      return `${name}+0`;
    default:
      return isHexed(column) ? `HEX(${name})` : name;
  }
}

const hexed = /binary$|blob$|geometry|point$|linestring$|polygon$|collection$/;

function isHexed({ dataType, charset }: ColumnKind): boolean {
  if (dataType === "enum" || dataType === "set") return false;
  return charset !== undefined || hexed.test(dataType);
}

async function insert(target: Session, name: string, table: TableDefinition, rows: Row[]): Promise<void> {
  const columns = stored(table);
  for (const row of rows) {
    const values = columns.map((column, at) => {
      const value = row[`c${at}`];
      if (value === null || value === undefined) return "NULL";
      if (isHexed(column)) return `X'${value}'`;
      return /^-?\d+(\.\d+)?(e[-+]?\d+)?$/i.test(String(value)) ? String(value) : `'${value}'`;
    });
    await target.run(
      `INSERT INTO ${name} (${columns.map(({ name: own }) => quoted(own)).join(",")}) VALUES (${values.join(",")})`,
    );
  }
}

function notRepairable(replica: Server, table: string, found: string): WikiferryError {
  return new WikiferryError(
    "VERIFY_NOT_REPAIRABLE",
    `${table} on ${replica.side} can't be repaired row by row: ${found}`,
    "Nothing was changed. Find out what wrote there, then copy again (npm run copy:again)",
  );
}
