import { quoted } from "../../../../runtime/mariadb/identifier";
import type { Server } from "../../../../runtime/mariadb/server";
import type { CopyContext } from "../context";
import { type Column, readExpression } from "./columns";
import { stretchCondition } from "./ranges";
import type { Snapshot } from "./snapshot";
import type { Table } from "./tables";
import type { Wire } from "./wire/wire";
import type { Worker } from "./worker";

/** Rows that are compared, and copied if necessary, at a time. */
const stretchRows = 2_000;

const longTypes = /(blob|text|json)$/;

/**
 * Compares tables whose rows came from several snapshots, range by range of their keys, with the last snapshot, at
 * which green stands, and copies again what differs. A row whose key changed on blue between two snapshots may exist
 * twice, or not at all: its event finds no row to change.
 * @returns how many rows were copied
 */
export async function mendMixed(
  ctx: CopyContext,
  snapshot: Snapshot,
  worker: Worker,
  tables: readonly Table[],
): Promise<number> {
  const source = snapshot.readers[0] as Wire;
  let mended = 0;
  for (const table of tables) {
    ctx.report({ step: "copy", message: `comparing ${table.name}, which was copied in several runs` });
    mended += await mendTable(ctx.green, ctx.spec.wiki.database, source, worker, table);
  }
  return mended;
}

async function mendTable(
  green: Server,
  database: string,
  source: Wire,
  worker: Worker,
  table: Table,
): Promise<number> {
  const key = table.key as Column[];
  const names = key.map(({ name }) => quoted(name)).join(",");
  const from = `${quoted(database)}.${quoted(table.name)} FORCE INDEX (${quoted(table.keyName as string)})`;
  const here = await green.open();
  try {
    await here.run("SET SESSION sql_mode = ''");
    let mended = 0;
    let after: Buffer[] | undefined;
    for (;;) {
      const [last] = await source.rows(
        `SELECT ${names} FROM ${from} WHERE ${stretchCondition(key, after)} ORDER BY ${names} LIMIT 1 OFFSET ${stretchRows - 1}`,
      );
      const upTo = last as Buffer[] | undefined;
      const where = stretchCondition(key, after, upTo);
      const query = digestQuery(table, from, where);
      const [[original], [copy]] = await Promise.all([source.rows(query), here.rows(query)]);
      const same =
        Object.values(copy ?? {})
          .map(String)
          .join() === (original ?? []).map(String).join();
      if (!same) mended += await worker.replace(table, where);
      if (!upTo) return mended;
      after = upTo;
    }
  } finally {
    here.destroy();
  }
}

/** Rows with a key are never equal to each other, so an exclusive or of their hashes misses none. */
function digestQuery(table: Table, from: string, where: string): string {
  const row = `MD5(CONCAT(${table.columns.map(encoded).join(",")}))`;
  const half = (part: string) => `BIT_XOR(CAST(CONV(${part},16,10) AS UNSIGNED))`;
  return `SELECT COUNT(*), ${half("LEFT(h,16)")}, ${half("SUBSTR(h,17)")} FROM (SELECT ${row} AS h FROM ${from} WHERE ${where}) rows_of_it`;
}

function encoded(column: Column): string {
  const value = readExpression(column);
  return longTypes.test(column.dataType)
    ? `IFNULL(CONCAT(LENGTH(${value}),':',MD5(${value})),'N')`
    : `IFNULL(CONCAT(LENGTH(CAST(${value} AS BINARY)),':',CAST(${value} AS BINARY)),'N')`;
}
