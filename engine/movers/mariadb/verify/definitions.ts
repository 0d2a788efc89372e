import type { Session } from "../../../runtime/mariadb/server";
import { charsetName, charsetsIn } from "../charsets";
import { canBeKey } from "./keys";
import type { ColumnKind } from "./rowText";

/** A base table as `information_schema` knows it. */
export interface TableDefinition {
  name: string;
  engine: string;
  collation: string;
  /** Next value; undefined without such a column. */
  autoIncrement: bigint | undefined;
  /** The AUTO_INCREMENT column. */
  autoColumn: string | undefined;
  columns: ColumnDefinition[];
  /** Name and columns of each index, such as `UNIQUE name_title (page_namespace, page_title)`. */
  indexes: string[];
  /**
   * The key that identifies each row: the primary key, or else the first unique index over whole columns that are never
   * NULL.
   */
  key: TableKey | undefined;
  /** Data and indexes, approximate. */
  bytes: number;
  /** Of the data alone, approximate. */
  dataBytes: number;
  approximateRows: number;
}

export interface TableKey {
  index: string;
  columns: ColumnDefinition[];
}

export interface ColumnDefinition extends ColumnKind {
  /** Type, nullability, default, charset, collation and extras in one line. */
  text: string;
}

/** All base tables of a database, by name in byte order. Never writes. */
export async function readDefinitions(session: Session, database: string): Promise<TableDefinition[]> {
  const tables = await session.rows<Record<string, string | null>>(
    `SELECT table_name AS name, engine, table_collation AS collation, auto_increment AS next,
            data_length + index_length AS bytes, data_length AS dataBytes, table_rows AS approximateRows
       FROM information_schema.tables WHERE table_schema = ? AND table_type = 'BASE TABLE'`,
    [database],
  );
  const columns = await session.rows<Record<string, string | null>>(
    `SELECT table_name AS tbl, column_name AS name, data_type AS dataType, extra, is_nullable AS nullable,
            character_set_name AS charset, character_octet_length AS bytes, column_type AS type,
            column_default AS standard, collation_name AS collation, generation_expression AS expression
       FROM information_schema.columns WHERE table_schema = ? ORDER BY table_name, ordinal_position`,
    [database],
  );
  // In the server's order: the primary key first, then unique keys without NULL. InnoDB clusters by the first of them.
  const parts = await session.rows<IndexPart>(
    `SELECT table_name AS tbl, index_name AS name, index_type AS type, non_unique AS many, column_name AS col,
            sub_part AS prefix, nullable
       FROM information_schema.statistics WHERE table_schema = ?`,
    [database],
  );
  return tables
    .map((table) => {
      const own = columns.filter((column) => column.tbl === table.name);
      const definitions = own.map(columnOf);
      const indexes = indexesOf(parts.filter((part) => part.tbl === table.name));
      return {
        name: String(table.name),
        engine: String(table.engine),
        collation: charsetName(String(table.collation)),
        autoIncrement: table.next === null || table.next === undefined ? undefined : BigInt(table.next),
        autoColumn: own.find((column) => column.extra?.includes("auto_increment"))?.name ?? undefined,
        columns: definitions,
        indexes: indexes.map(describeIndex).sort(),
        key: keyOf(indexes, definitions),
        bytes: Number(table.bytes ?? 0),
        dataBytes: Number(table.dataBytes ?? 0),
        approximateRows: Number(table.approximateRows ?? 0),
      };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * For each table, the tables whose rows change with its rows by a foreign key (CASCADE, SET NULL), over any number of
 * steps. InnoDB does that without the binary log.
 */
export async function readCascades(session: Session, database: string): Promise<Map<string, string[]>> {
  const rows = await session.rows<{ parent: string; child: string }>(
    `SELECT referenced_table_name AS parent, table_name AS child FROM information_schema.referential_constraints
      WHERE constraint_schema = ? AND (delete_rule IN ('CASCADE', 'SET NULL') OR update_rule IN ('CASCADE', 'SET NULL'))`,
    [database],
  );
  const cascades = new Map<string, string[]>();
  for (const { parent } of rows) {
    const reached = new Set<string>([parent]);
    for (const table of reached)
      for (const { parent: of, child } of rows) if (of === table) reached.add(child);
    reached.delete(parent);
    cascades.set(parent, [...reached]);
  }
  return cascades;
}

interface IndexPart {
  tbl: string;
  name: string;
  type: string;
  many: string | number;
  col: string | null;
  prefix: string | number | null;
  nullable: string;
}

function columnOf(column: Record<string, string | null>): ColumnDefinition {
  return {
    name: String(column.name),
    dataType: String(column.dataType).toLowerCase(),
    virtual: column.extra?.includes("VIRTUAL GENERATED") ?? false,
    nullable: column.nullable === "YES",
    charset: column.charset ? charsetName(column.charset) : undefined,
    maxBytes: Number(column.bytes ?? 0),
    unsigned: column.type?.includes("unsigned") ?? false,
    text: describeColumn(column),
  };
}

function describeColumn(column: Record<string, string | null>): string {
  const { type, nullable, standard, charset, collation, extra, expression } = column;
  return [
    type,
    nullable === "YES" ? "NULL" : "NOT NULL",
    standard === null ? null : `DEFAULT ${charsetsIn(String(standard))}`,
    charset ? charsetName(charset) : null,
    collation ? charsetName(collation) : null,
    extra || null,
    expression ? `AS ${charsetsIn(expression)}` : null,
  ]
    .filter((part) => part !== null)
    .join(" ");
}

function indexesOf(parts: readonly IndexPart[]): IndexPart[][] {
  const names = [...new Set(parts.map((part) => part.name))];
  return names.map((name) => parts.filter((part) => part.name === name));
}

function describeIndex(parts: readonly IndexPart[]): string {
  const first = parts[0] as IndexPart;
  const columns = parts.map(({ col, prefix }) => `${col}${prefix === null ? "" : `(${prefix})`}`);
  return `${Number(first.many) ? "" : "UNIQUE "}${first.name} ${first.type} (${columns.join(",")})`;
}

function keyOf(indexes: readonly IndexPart[][], columns: readonly ColumnDefinition[]): TableKey | undefined {
  const unique = indexes.find((parts) =>
    parts.every(
      ({ many, prefix, nullable, type }) =>
        !Number(many) && prefix === null && nullable !== "YES" && type === "BTREE",
    ),
  );
  const found = unique?.map(({ col }) => columns.find((column) => column.name === col));
  if (!unique || !found?.every((column) => column !== undefined && canBeKey(column))) return undefined;
  return { index: (unique[0] as IndexPart).name, columns: found as ColumnDefinition[] };
}

/** Tables that a snapshot can freeze. */
export function isTransactional(table: Pick<TableDefinition, "engine">): boolean {
  return table.engine === "InnoDB";
}

/**
 * How the definition of a table's copy differs from the original: one line for each difference; empty if it does not.
 */
export function definitionDifferences(original: TableDefinition, copy: TableDefinition): string[] {
  const found: string[] = [];
  const differ = (what: string, a: string, b: string) => {
    if (a !== b) found.push(`${what} is ${b || "missing"} instead of ${a || "none"}`);
  };
  differ("engine", original.engine, copy.engine);
  differ("collation", original.collation, copy.collation);
  const order = (table: TableDefinition) => table.columns.map((column) => column.name).join(", ");
  differ("order of columns", order(original), order(copy));
  for (const column of original.columns) {
    const twin = copy.columns.find((other) => other.name === column.name);
    if (twin) differ(`column ${column.name}`, column.text, twin.text);
  }
  for (const index of original.indexes) if (!copy.indexes.includes(index)) differ("index", index, "");
  for (const index of copy.indexes) if (!original.indexes.includes(index)) differ("index", "", index);
  return found;
}
