import { size } from "../../../engine/format";
import type { Server, Session } from "../../../engine/runtime/mariadb/server";
import { writeProse } from "./prose";
import { blockOf, rowsFor, stockTable, type WikiTable, wikiTables } from "./tables";

export interface FillOptions {
  /** Total size of all tables, data and indexes, as InnoDB stores them. The result is within a few per cent. */
  bytes: number;
  /** The same seed and size give the same rows. Defaults to 1. */
  seed?: number;
  /** Takes a line about each table. */
  say?: (line: string) => void;
}

export interface FilledTable {
  name: string;
  rows: number;
  /** Data and indexes, by the server's statistics. */
  bytes: number;
}

export interface Filled {
  tables: FilledTable[];
  rows: number;
  bytes: number;
  /** How long it took, in milliseconds. */
  ms: number;
}

/** The server generates the rows, in transactions of about this many bytes. */
const batchBytes = 8_000_000;
/** Sessions that fill tables in parallel. */
const sessions = 2;

/**
 * Creates `database` again on a server and fills it like a wiki's: wide texts (compressible and not, ASCII, 4-byte
 * characters, all bytes), page and revision, narrow link tables with two indexes each, a table without any key. Nothing
 * enters the server's binary log.
 */
export async function fillWikiData(server: Server, database: string, options: FillOptions): Promise<Filled> {
  const started = performance.now();
  const seed = options.seed ?? 1;
  const opened: Session[] = [];
  try {
    for (let n = 0; n < sessions; n++) opened.push(await openUnlogged(server));
    const first = opened[0] as Session;
    await first.run("DROP DATABASE IF EXISTS ??", [database]);
    await first.run("CREATE DATABASE ?? CHARACTER SET binary", [database]);
    for (const session of opened) await session.run("USE ??", [database]);
    await putStock(first, seed);
    const work = wikiTables.flatMap((table) => batches(table, options.bytes));
    for (const { name, columns } of wikiTables)
      await first.run(`CREATE TABLE ?? (${columns}) ENGINE = InnoDB DEFAULT CHARSET = binary`, [name]);
    await Promise.all(
      opened.map(async (session) => {
        for (let batch = work.shift(); batch; batch = work.shift()) await session.run(insertOf(batch, seed));
      }),
    );
    await first.run("DROP TABLE ??", [stockTable]);
    const tables: FilledTable[] = [];
    for (const { name } of wikiTables) tables.push(await measure(first, database, name));
    for (const { name, rows, bytes } of tables) options.say?.(`${name}: ${rows} rows, ${size(bytes)}`);
    const sum = (what: "rows" | "bytes") => tables.reduce((total, table) => total + table[what], 0);
    return {
      tables,
      rows: sum("rows"),
      bytes: sum("bytes"),
      ms: Math.round(performance.now() - started),
    };
  } finally {
    for (const session of opened) await session.close();
  }
}

async function openUnlogged(server: Server): Promise<Session> {
  const session = await server.open();
  await session.run("SET SESSION sql_log_bin = 0, unique_checks = 0");
  return session;
}

async function putStock(session: Session, seed: number): Promise<void> {
  await session.run("CREATE TABLE ?? (id INT UNSIGNED NOT NULL PRIMARY KEY, body MEDIUMBLOB NOT NULL)", [
    stockTable,
  ]);
  const { ascii, wide } = writeProse(seed);
  for (const [id, body] of [...ascii, ...wide].entries())
    await session.run("INSERT INTO ?? VALUES (?, ?)", [stockTable, id, body]);
}

interface Batch {
  table: WikiTable;
  rows: number;
  from: number;
  to: number;
}

function batches(table: WikiTable, bytes: number): Batch[] {
  const rows = rowsFor(table, bytes);
  const step = Math.ceil(batchBytes / table.rowBytes);
  const all: Batch[] = [];
  for (let from = 1; from <= rows; from += step)
    all.push({ table, rows, from, to: Math.min(rows, from + step - 1) });
  return all;
}

function insertOf({ table, rows, from, to }: Batch, seed: number): string {
  const numbers = `(SELECT seq AS n FROM seq_${from}_to_${to}) s`;
  const select = table.select(seed, rows);
  const source = select.includes("p.body")
    ? `${numbers} STRAIGHT_JOIN ${stockTable} p ON p.id = ${blockOf(seed)}`
    : numbers;
  return `INSERT INTO \`${table.name}\` SELECT ${select} FROM ${source}`;
}

async function measure(session: Session, database: string, name: string): Promise<FilledTable> {
  await session.run("ANALYZE NO_WRITE_TO_BINLOG TABLE ??", [name]);
  const rows = Number(await session.value("SELECT COUNT(*) FROM ??", [name]));
  const bytes = Number(
    await session.value(
      "SELECT data_length + index_length FROM information_schema.tables WHERE table_schema = ? AND table_name = ?",
      [database, name],
    ),
  );
  return { name, rows, bytes };
}
