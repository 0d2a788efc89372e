import { quoted } from "../../../../runtime/mariadb/identifier";
import type { Session } from "../../../../runtime/mariadb/server";
import { type Column, isOrdered, readExpression, writeExpression } from "./columns";

/** A base table of blue, and how to read and write it. */
export interface Table {
  name: string;
  /** `SHOW CREATE TABLE`, with the next AUTO_INCREMENT. */
  create: string;
  /** Whether a snapshot covers it. */
  transactional: boolean;
  /** Size of the rows by statistics, in bytes. */
  bytes: number;
  rows: number;
  /** Those that are copied. */
  columns: Column[];
  /** The columns of the key by which it can be divided; undefined if it is copied in one piece. */
  key: Column[] | undefined;
  /** The key by which rows are found; undefined without one. */
  keyName: string | undefined;
  /** Whether a row event finds its row by a key, whatever the row was before. */
  keyed: boolean;
  /** Another table's change may change this one's rows without events of their own. */
  cascades: boolean;
}

/** All base tables of a database, by name in byte order. Never writes. */
export async function readTables(session: Session, database: string): Promise<Table[]> {
  const found = await session.rows<Record<string, string | null>>(
    `SELECT t.table_name AS name, t.data_length AS bytes, t.table_rows AS n, e.transactions AS transactional
       FROM information_schema.tables t LEFT JOIN information_schema.engines e ON e.engine = t.engine
      WHERE t.table_schema = ? AND t.table_type IN ('BASE TABLE', 'SYSTEM VERSIONED')`,
    [database],
  );
  const columns = await readColumns(session, database);
  const keys = await readKeys(session, database);
  const cascading = new Set(
    (
      await session.rows<{ name: string }>(
        `SELECT DISTINCT table_name AS name FROM information_schema.referential_constraints
          WHERE constraint_schema = ?
            AND (delete_rule IN ('CASCADE', 'SET NULL') OR update_rule IN ('CASCADE', 'SET NULL'))`,
        [database],
      )
    ).map(({ name }) => name),
  );
  const tables: Table[] = [];
  for (const row of found) {
    const name = String(row.name);
    const all = columns.get(name) ?? [];
    const unique = keys.get(name) ?? [];
    const key = unique.find((candidate) =>
      candidate.columns.every(({ column, whole }) => whole && isOrdered(columnOf(all, column))),
    );
    tables.push({
      name,
      create: await showCreate(session, database, name),
      transactional: row.transactional === "YES",
      bytes: Number(row.bytes ?? 0),
      rows: Number(row.n ?? 0),
      columns: all.filter((column) => !column.generated),
      key: key?.columns.map(({ column }) => columnOf(all, column)),
      keyName: key?.name ?? unique[0]?.name,
      keyed: unique.length > 0,
      cascades: cascading.has(name),
    });
  }
  return tables.sort((a, b) => (a.name < b.name ? -1 : 1));
}

export async function showCreate(session: Session, database: string, table: string): Promise<string> {
  const row = await session.row<Record<string, string>>("SHOW CREATE TABLE ??.??", [database, table]);
  return String(row?.["Create Table"]);
}

function columnOf(columns: readonly Column[], name: string): Column {
  return columns.find((column) => column.name === name) as Column;
}

async function readColumns(session: Session, database: string): Promise<Map<string, Column[]>> {
  const rows = await session.rows<Record<string, string | null>>(
    `SELECT table_name AS tbl, column_name AS name, data_type AS dataType, character_set_name AS charset,
            is_nullable AS nullable, is_generated AS generated
       FROM information_schema.columns WHERE table_schema = ? ORDER BY table_name, ordinal_position`,
    [database],
  );
  const tables = new Map<string, Column[]>();
  for (const row of rows) {
    const table = String(row.tbl);
    const columns = tables.get(table) ?? [];
    tables.set(table, columns);
    columns.push({
      name: String(row.name),
      dataType: String(row.dataType).toLowerCase(),
      charset: row.charset ?? undefined,
      nullable: row.nullable === "YES",
      generated: row.generated !== "NEVER",
    });
  }
  return tables;
}

interface UniqueKey {
  name: string;
  columns: { column: string; whole: boolean }[];
}

/** The unique keys of each table without NULL, in the table's own order. InnoDB stores rows by the first of them. */
async function readKeys(session: Session, database: string): Promise<Map<string, UniqueKey[]>> {
  const rows = await session.rows<Record<string, string | null>>(
    `SELECT table_name AS tbl, index_name AS name, column_name AS col, sub_part AS part, nullable
       FROM information_schema.statistics WHERE table_schema = ? AND non_unique = 0`,
    [database],
  );
  const tables = new Map<string, UniqueKey[]>();
  const withNull = new Set(
    rows.filter((row) => row.nullable === "YES").map((row) => `${row.tbl}\0${row.name}`),
  );
  for (const row of rows) {
    if (withNull.has(`${row.tbl}\0${row.name}`)) continue;
    const keys = tables.get(String(row.tbl)) ?? [];
    tables.set(String(row.tbl), keys);
    let key = keys.find(({ name }) => name === row.name);
    if (!key) {
      key = { name: String(row.name), columns: [] };
      keys.push(key);
    }
    key.columns.push({ column: String(row.col), whole: row.part === null });
  }
  return tables;
}

/** A table's definition without what would slow its rows down, and what is added after them. */
export interface StagedDefinition {
  create: string;
  /** `KEY …` and `UNIQUE KEY …`, to be added in one statement. */
  indexes: string[];
  /** Indexes that a statement can add only one at a time. */
  fulltext: string[];
  /** `CONSTRAINT … FOREIGN KEY …`. */
  foreignKeys: string[];
}

/** Below this many bytes, adding indexes after the rows takes longer than maintaining them meanwhile. */
const smallBytes = 1024 * 1024;

/**
 * The definition with which a table is created before its rows arrive. A small one has its indexes from the beginning,
 * except unique ones: for a while, rows of several states of blue's data may exist side by side.
 */
export function firstDefinition(table: Pick<Table, "create" | "keyName" | "bytes">): string {
  return staged(table.create, table.keyName, table.bytes < smallBytes).create;
}

/**
 * Splits `SHOW CREATE TABLE`, which has a line for each column, key and constraint. Keeps the key by which rows are
 * found, and one that the AUTO_INCREMENT column requires.
 * @param withIndexes Whether to keep indexes that are not unique, too.
 */
export function staged(create: string, keyName: string | undefined, withIndexes = false): StagedDefinition {
  const lines = create.split("\n");
  const last = lines.findIndex((line) => line.startsWith(")"));
  const members = lines.slice(1, last).map((line) => line.trim().replace(/,$/, ""));
  const numbered = members.find((line) => /^`.*` .*\bAUTO_INCREMENT\b/.test(line));
  const numberedColumn = numbered && /^(`(?:[^`]|``)*`)/.exec(numbered)?.[1];
  const indexes: string[] = [];
  const fulltext: string[] = [];
  const foreignKeys: string[] = [];
  let numberedHasKey = members.some((line) => line.startsWith(`PRIMARY KEY (${numberedColumn}`));
  const kept = members.filter((line) => {
    if (/^CONSTRAINT `(?:[^`]|``)*` FOREIGN KEY/.test(line)) {
      foreignKeys.push(line);
      return false;
    }
    if (/^(FULLTEXT|SPATIAL) KEY /.test(line)) {
      fulltext.push(line);
      return false;
    }
    const key = /^(?:UNIQUE )?KEY (`(?:[^`]|``)*`) \((.*)/.exec(line);
    if (!key || (withIndexes && line.startsWith("KEY"))) return true;
    if (keyName !== undefined && key[1] === quoted(keyName)) return true;
    if (numberedColumn && !numberedHasKey && (key[2] as string).startsWith(numberedColumn)) {
      numberedHasKey = true;
      return true;
    }
    indexes.push(line);
    return false;
  });
  return {
    create: [lines[0], kept.map((line) => `  ${line}`).join(",\n"), ...lines.slice(last)].join("\n"),
    indexes,
    fulltext,
    foreignKeys,
  };
}

/** `SHOW CREATE TABLE` without the next AUTO_INCREMENT number. */
export function withoutNumbering(create: string): string {
  return create.replace(/^(\).*?) AUTO_INCREMENT=\d+/m, "$1");
}

export function selectList(table: Table): string {
  return table.columns.map(readExpression).join(",");
}

export function insertStatement(database: string, table: Table): string {
  const names = table.columns.map(({ name }) => quoted(name)).join(",");
  return `INSERT INTO ${quoted(database)}.${quoted(table.name)} (${names}) VALUES (${table.columns.map(writeExpression).join(",")})`;
}

/** How many warnings writing a row gives for correct values: the invalid member of an ENUM, which is kept. */
export function expectedWarnings(table: Table): string {
  const members = table.columns.filter(({ dataType }) => dataType === "enum");
  return ["0", ...members.map(({ name }) => `IFNULL(CAST(${quoted(name)} AS UNSIGNED) = 0, 0)`)].join(" + ");
}
