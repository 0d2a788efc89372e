import { quoted } from "../../../../runtime/mariadb/identifier";
import type { Session } from "../../../../runtime/mariadb/server";
import { BulkWriter } from "./bulkWriter";
import type { LargeRows } from "./largeRows";
import { type Range, recordPiece } from "./plan";
import { rangeCondition } from "./ranges";
import { expectedWarnings, insertStatement, selectList, type Table } from "./tables";
import type { Throttle } from "./throttle";
import { LinkError } from "./wire/packets";
import type { Prepared, Wire } from "./wire/wire";

/** A piece that grows to this multiple of its expected size is ended. */
const cutFactor = 2;
const leastRows = 16;

/** What all workers of a run share. */
export interface WorkerWorld {
  database: string;
  tables: ReadonlyMap<string, Table>;
  throttle: Throttle;
  largeRows: LargeRows;
  /** A piece is the rows of one transaction: what a worker may have to copy again after a kill. */
  pieceBytes: number;
  /** Number of the readers' snapshot. */
  snapshot: number;
  /** Receives each piece before its first row is read. */
  onPiece(range: Range): void;
  /** Receives what was sent to green. */
  onSent(table: string, bytes: number): void;
  /** Receives pieces whose commit has been sent. */
  onRows(table: string, rows: number): void;
}

/** Rows that would not arrive unchanged. */
export class ValuesChanged extends Error {
  constructor(
    readonly table: string,
    readonly warnings: number,
  ) {
    super(`${warnings} warnings while writing the rows of ${table}`);
  }
}

/** A connection that is silent for this long while rows are under way is dead, in milliseconds. */
const silentMs = 120_000;

/** A pair of sessions: rows go from blue's snapshot to green, one piece at a time. */
export class Worker {
  private readonly writer: BulkWriter;
  private prepared: { table: string; statement: Prepared } | undefined;
  private current = "";
  private bulk = false;

  constructor(
    private readonly source: Wire,
    readonly target: Wire,
    private readonly world: WorkerWorld,
  ) {
    this.writer = new BulkWriter(source, target, world.throttle, world.largeRows, (bytes) =>
      world.onSent(this.current, bytes),
    );
  }

  /** Copies the rest of a range. It is committed when this returns. */
  async copy(range: Range): Promise<void> {
    const table = this.world.tables.get(range.table) as Table;
    const { after } = range;
    const watch = setInterval(() => this.endIfSilent(), silentMs / 10);
    try {
      await this.turnTo(table, range);
      let averageBytes = Math.max(1, table.rows > 0 ? table.bytes / table.rows : 100);
      for (;;) {
        // A table without a key to continue from is one piece, whatever its size.
        const limit = table.key
          ? Math.max(leastRows, Math.floor(this.world.pieceBytes / averageBytes))
          : undefined;
        const read = await this.copyPiece(table, range, limit);
        if (range.done) break;
        // Not before the piece is committed: a kill must never cost more than one.
        await this.writer.settled();
        if (read.rows > 0) averageBytes = Math.max(1, read.bytes / read.rows);
      }
      await this.writer.settled();
      await this.judgeWarnings(table, range.bounds, after);
    } catch (error) {
      throw this.writer.failure ?? error;
    } finally {
      clearInterval(watch);
    }
  }

  private async judgeWarnings(table: Table, bounds: Range["bounds"], after: Range["after"]): Promise<void> {
    const { warnings } = this.writer;
    this.writer.warnings = 0;
    if (warnings === 0) return;
    const from = `${quoted(this.world.database)}.${quoted(table.name)}`;
    const [row] = await this.source.rows(
      `SELECT SUM(${expectedWarnings(table)}) FROM ${from} ${rangeCondition(table.key ?? [], bounds, after)}`,
    );
    if (warnings > Number(row?.[0] ?? 0)) throw new ValuesChanged(table.name, warnings);
  }

  private endIfSilent(): void {
    const heardAt = Math.max(this.source.heardAt, this.target.heardAt);
    if (this.writer.throttled || performance.now() < heardAt + silentMs) return;
    for (const wire of [this.source, this.target])
      wire.destroy(new LinkError(wire.side, `the server was silent for ${silentMs / 1000} s`));
  }

  /** Replaces the existing rows that match a condition. Returns how many. */
  async replace(table: Table, where: string): Promise<number> {
    await this.prepareFor(table);
    const { writer, source, world } = this;
    const from = `${quoted(world.database)}.${quoted(table.name)}`;
    writer.run(`DELETE FROM ${from} WHERE ${where}`);
    writer.cutBytes = Number.POSITIVE_INFINITY;
    writer.rows = 0;
    try {
      await source.select(`SELECT SQL_NO_CACHE ${selectList(table)} FROM ${from} WHERE ${where}`, writer);
    } catch (error) {
      throw writer.failure ?? error;
    }
    writer.flush();
    writer.run("COMMIT");
    await writer.settled();
    const { rows } = writer;
    writer.rows = 0;
    writer.bytes = 0;
    return rows;
  }

  destroy(): void {
    this.source.destroy();
    this.target.destroy();
  }

  private async turnTo(table: Table, range: Range): Promise<void> {
    this.current = table.name;
    // Into an empty table InnoDB writes sorted pages without undo log, but locks the table for it. So only for one that
    // nobody else fills.
    const whole =
      range.after === undefined && range.bounds.from === undefined && range.bounds.to === undefined;
    if (this.bulk !== whole) this.writer.run(`SET SESSION unique_checks = ${whole ? 0 : 1}`);
    this.bulk = whole;
    await this.prepareFor(table);
  }

  private async prepareFor(table: Table): Promise<void> {
    if (this.prepared?.table === table.name) return;
    // A statement may be closed only once no rows are in transit into it.
    await this.writer.settled();
    if (this.prepared) this.target.closeStatement(this.prepared.statement);
    const statement = await this.target.prepare(insertStatement(this.world.database, table));
    this.prepared = { table: table.name, statement };
    const keyColumns = (table.key ?? []).map(({ name }) =>
      table.columns.findIndex((column) => column.name === name),
    );
    this.writer.begin(statement, keyColumns);
  }

  private async copyPiece(
    table: Table,
    range: Range,
    limit: number | undefined,
  ): Promise<{ rows: number; bytes: number }> {
    const { writer, source, world } = this;
    const key = table.key ?? [];
    const names = key.map(({ name }) => quoted(name)).join(",");
    const query = [
      `SELECT SQL_NO_CACHE ${selectList(table)} FROM ${quoted(world.database)}.${quoted(table.name)}`,
      key.length > 0 ? `FORCE INDEX (${quoted(table.keyName as string)})` : "",
      rangeCondition(key, range.bounds, range.after),
      limit === undefined ? "" : `ORDER BY ${names} LIMIT ${limit}`,
    ].join(" ");
    const read = { rows: 0, bytes: 0 };
    const take = (done: boolean) => {
      writer.flush();
      const { rows, bytes } = writer;
      writer.rows = 0;
      writer.bytes = 0;
      read.rows += rows;
      read.bytes += bytes;
      range.done = done;
      range.rows += rows;
      range.bytes += bytes;
      range.firstSnapshot ??= world.snapshot;
      range.lastSnapshot = world.snapshot;
      if (rows > 0) range.after = writer.key;
      writer.run(recordPiece(range, world.snapshot, { rows, bytes }));
      writer.run("COMMIT");
      world.onRows(table.name, rows);
    };
    writer.cutBytes = limit === undefined ? Number.POSITIVE_INFINITY : cutFactor * world.pieceBytes;
    writer.onCut = () => take(false);
    world.onPiece(range);
    // The savepoint releases the table, so that an ALTER TABLE on blue waits for a piece and not for the whole copy.
    await Promise.all([
      source.run("SAVEPOINT piece"),
      source.select(query, writer),
      source.run("ROLLBACK TO SAVEPOINT piece"),
    ]);
    take(limit === undefined || read.rows + writer.rows < limit);
    return read;
  }
}

/** The name of the lock by which a later run finds the sessions of a killed one. */
export const loaderLock = (number: number) => `wikiferry-copy-${number}`;
/** More than there are ever workers. */
export const mostWorkers = 16;

/** Prepares a session on green to store rows unchanged. */
export async function prepareTarget(target: Wire, number: number): Promise<void> {
  const settings = [
    "sql_log_bin = 0",
    "sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES,NO_ENGINE_SUBSTITUTION'",
    "time_zone = '+00:00'",
    "autocommit = 0",
    "foreign_key_checks = 0",
    "unique_checks = 1",
    "check_constraint_checks = 0",
    "net_read_timeout = 86400",
    "wait_timeout = 86400",
    "max_statement_time = 0",
    "idle_transaction_timeout = 0",
    "idle_write_transaction_timeout = 0",
    "innodb_lock_wait_timeout = 300",
  ];
  await target.run("SET NAMES binary");
  await target.run(`SET SESSION ${settings.join(", ")}`);
  const [row] = await target.rows(`SELECT GET_LOCK('${loaderLock(number)}', 30)`);
  if (row?.[0]?.toString() !== "1") throw new Error(`could not acquire the lock ${loaderLock(number)}`);
}

/** A plain session that ends what earlier runs still do on green. */
export async function holderOf(session: Session, number: number): Promise<string | undefined> {
  return await session.value("SELECT IS_USED_LOCK(?)", [loaderLock(number)]);
}
