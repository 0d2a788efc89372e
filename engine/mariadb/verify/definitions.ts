import type { Session } from "../server";
import type { ColumnKind } from "./rowHash";

/** A base table as `information_schema` knows it. */
export interface TableDefinition {
  name: string;
  engine: string;
  collation: string;
  /** Next value; undefined without such a column. */
  autoIncrement: bigint | undefined;
  /** The column that it numbers. */
  autoColumn: string | undefined;
  columns: ColumnDefinition[];
  /** Name and columns of each index, such as `UNIQUE name_title (page_namespace, page_title)`. */
  indexes: string[];
  /** Approximate. */
  bytes: number;
}

export interface ColumnDefinition extends ColumnKind {
  /** Type, nullability, default, charset, collation and extras in one line. */
  text: string;
}

/** All base tables of a database, by name in byte order. Never writes. */
export async function readDefinitions(session: Session, database: string): Promise<TableDefinition[]> {
  const tables = await session.rows<Record<string, string | null>>(
    `SELECT table_name AS name, engine, table_collation AS collation, auto_increment AS next,
            data_length + index_length AS bytes
       FROM information_schema.tables WHERE table_schema = ? AND table_type = 'BASE TABLE'`,
    [database],
  );
  const columns = await session.rows<Record<string, string | null>>(
    `SELECT table_name AS tbl, column_name AS name, data_type AS dataType, extra,
            CONCAT_WS(' ', column_type, IF(is_nullable = 'YES', 'NULL', 'NOT NULL'),
              CONCAT('DEFAULT ', column_default), character_set_name, collation_name, NULLIF(extra, ''),
              CONCAT('AS ', generation_expression)) AS text
       FROM information_schema.columns WHERE table_schema = ? ORDER BY table_name, ordinal_position`,
    [database],
  );
  const indexes = await session.rows<Record<string, string>>(
    `SELECT table_name AS tbl,
            CONCAT(IF(non_unique, '', 'UNIQUE '), index_name, ' ', index_type, ' (',
              GROUP_CONCAT(column_name, IFNULL(CONCAT('(', sub_part, ')'), '') ORDER BY seq_in_index), ')') AS text
       FROM information_schema.statistics WHERE table_schema = ?
      GROUP BY table_name, index_name, non_unique, index_type`,
    [database],
  );
  return tables
    .map((table) => {
      const own = columns.filter((column) => column.tbl === table.name);
      return {
        name: String(table.name),
        engine: String(table.engine),
        collation: String(table.collation),
        autoIncrement: table.next === null || table.next === undefined ? undefined : BigInt(table.next),
        autoColumn: own.find((column) => column.extra?.includes("auto_increment"))?.name ?? undefined,
        columns: own.map((column) => ({
          name: String(column.name),
          dataType: String(column.dataType).toLowerCase(),
          virtual: column.extra?.includes("VIRTUAL GENERATED") ?? false,
          text: String(column.text),
        })),
        indexes: indexes
          .filter((index) => index.tbl === table.name)
          .map((index) => String(index.text))
          .sort(),
        bytes: Number(table.bytes ?? 0),
      };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Tables that a snapshot can freeze. */
export function isTransactional(table: Pick<TableDefinition, "engine">): boolean {
  return table.engine === "InnoDB";
}

/** How the copy of a table is defined otherwise than the original: one line for each thing; empty if it is not. */
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
