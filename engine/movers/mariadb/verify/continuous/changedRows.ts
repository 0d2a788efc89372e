import type { BinlogEvent, RowImage } from "../../binlog/events";
import { newest } from "../../replication/gtid";
import type { ColumnDefinition, TableDefinition } from "../definitions";
import type { KeyText } from "../keys";

/** Rows that have changed, by table: their keys, or all of them. */
export type Changed = Map<string, Set<KeyText> | "whole">;

/**
 * What has changed according to the binary log: the keys of rows, and tables whose changed rows are unknown because
 * they have no key or were changed by a statement. Pure: it receives events and answers queries.
 */
export class ChangedRows {
  /** Position of the last transaction that was read completely. */
  gtid: string;
  /** Whether a statement may have changed definitions since they were read. */
  definitionsChanged = false;
  private touched: Changed = new Map();
  private reading: { gtid: string; standalone: boolean } | undefined;
  private tables = new Map<string, KeyedTable>();
  private count = 0;

  constructor(
    private readonly database: string,
    after: string,
  ) {
    this.gtid = after;
  }

  /**
   * @param cascades For each table, the tables whose rows a foreign key changes along with its rows. The log does not
   * show those changes.
   */
  define(
    tables: readonly TableDefinition[],
    cascades: ReadonlyMap<string, readonly string[]> = new Map(),
  ): void {
    this.tables = new Map(
      tables.map((table) => [table.name, keyedTable(table, cascades.get(table.name) ?? [])]),
    );
  }

  /** How many rows wait to be taken. */
  get rows(): number {
    return this.count;
  }

  /** Columns to read of a table's rows, for the reader of events. */
  readonly wanted = (schema: string, table: string): readonly number[] | undefined =>
    schema === this.database ? (this.tables.get(table)?.places ?? []) : undefined;

  /** What has changed since the last call. */
  take(): Changed {
    const taken = this.touched;
    this.touched = new Map();
    this.count = 0;
    return taken;
  }

  /** Puts back what could not be compared. */
  putBack(touched: Changed): void {
    for (const [table, keys] of touched) {
      if (keys === "whole") this.touched.set(table, keys);
      else for (const key of keys) this.add(table, key);
    }
  }

  read(event: BinlogEvent): void {
    switch (event.kind) {
      case "gtid":
        this.reading = event;
        return;
      case "rows":
        this.readRows(event);
        return;
      case "end of transaction":
        this.endTransaction();
        return;
      case "statement":
        this.readStatement(event.schema, event.text);
        return;
    }
  }

  private readRows({ table, columns, images }: Extract<BinlogEvent, { kind: "rows" }>): void {
    const known = this.tables.get(table);
    if (!known?.key || known.columns !== columns) {
      this.touched.set(table, "whole");
    } else {
      const { key } = known;
      for (const image of images) {
        const text = keyOf(key, image);
        // An image with only the changed columns and without the key: the row's other image has the key.
        if (text !== undefined) this.add(table, text);
      }
    }
    for (const other of known?.cascades ?? []) this.touched.set(other, "whole");
  }

  private readStatement(schema: string, text: string): void {
    const word = /^\s*(?:\/\*.*?\*\/\s*)*([a-z]+)/i.exec(text)?.[1]?.toUpperCase() ?? "";
    if (word === "BEGIN" || word === "SAVEPOINT") return;
    if (word === "COMMIT" || word === "ROLLBACK" || word === "XA") {
      this.endTransaction();
      return;
    }
    const matters = schema === this.database || text.includes(this.database);
    if (matters && !temporary.test(text)) {
      this.definitionsChanged = true;
      for (const table of this.tables.keys()) if (text.includes(table)) this.touched.set(table, "whole");
    }
    if (this.reading?.standalone) this.endTransaction();
  }

  private endTransaction(): void {
    if (this.reading) this.gtid = newest(this.reading.gtid, this.gtid);
    this.reading = undefined;
  }

  private add(table: string, key: KeyText): void {
    const keys = this.touched.get(table) ?? new Set();
    if (keys === "whole") return;
    if (!keys.has(key)) this.count++;
    keys.add(key);
    this.touched.set(table, keys);
  }
}

/** A session's temporary tables: the log shows their end though nobody else ever saw them. */
const temporary = /^\s*(CREATE|DROP)\s+(\/\*!40005\s+)?TEMPORARY\b/i;

interface KeyedTable {
  columns: number;
  /** Where the key's columns are; none if rows can't be identified from the log. */
  places: number[];
  key: { place: number; column: ColumnDefinition }[] | undefined;
  cascades: readonly string[];
}

function keyedTable(table: TableDefinition, cascades: readonly string[]): KeyedTable {
  const key = table.key?.columns.map((column) => ({
    place: table.columns.findIndex(({ name }) => name === column.name),
    column,
  }));
  const readable = key?.every(({ column }) => readers.has(column.dataType)) ? key : undefined;
  return {
    columns: table.columns.length,
    places: readable?.map(({ place }) => place) ?? [],
    key: readable,
    cascades,
  };
}

function keyOf(key: NonNullable<KeyedTable["key"]>, image: RowImage): KeyText | undefined {
  const parts: string[] = [];
  for (const { place, column } of key) {
    const value = image[place];
    if (!value) return undefined;
    const read = readers.get(column.dataType);
    if (!read) return undefined;
    parts.push(read(value, column));
  }
  return parts.join(",");
}

type Reader = (value: Buffer, column: ColumnDefinition) => string;

const whole: Reader = (value, { unsigned }) =>
  String(
    value.length === 8
      ? unsigned
        ? value.readBigUInt64LE()
        : value.readBigInt64LE()
      : unsigned
        ? value.readUIntLE(0, value.length)
        : value.readIntLE(0, value.length),
  );
const toHex = (value: Buffer) => value.toString("hex").toUpperCase();
const hex: Reader = (value) => toHex(value);
/** The log omits a value's padding. */
const filled: Reader = (value, { maxBytes }) =>
  toHex(Buffer.concat([value, Buffer.alloc(Math.max(0, maxBytes - value.length))]));

/** Types of key columns whose values can be read from the log. */
const readers: ReadonlyMap<string, Reader> = new Map([
  ["tinyint", whole],
  ["smallint", whole],
  ["mediumint", whole],
  ["int", whole],
  ["bigint", whole],
  ["varbinary", hex],
  ["varchar", hex],
  ["char", hex],
  ["binary", filled],
]);
