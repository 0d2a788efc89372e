/** What a row's hash needs to know of a column (`information_schema.columns`). */
export interface ColumnKind {
  name: string;
  /** `DATA_TYPE`, such as `varbinary`. */
  dataType: string;
  /** Computed on reading, so it follows from the others. */
  virtual: boolean;
}

/** What one pass over a table yields: equal on both sides if, and but for a chance of 2⁻¹²⁸ only if, its rows are. */
export interface TableDigest {
  /** Decimal. */
  rows: string;
  /** Sum of all rows' MD5 as 128-bit numbers, exact, decimal. Unlike an exclusive or it sees pairs of equal rows. */
  sum: string;
}

const longTypes = new Set([
  "tinyblob",
  "blob",
  "mediumblob",
  "longblob",
  "tinytext",
  "text",
  "mediumtext",
  "longtext",
  "json",
]);

/**
 * An SQL expression with a row's MD5, over an encoding that can be read back in only one way: each column is its
 * length in bytes, a colon and its bytes, or `N` for NULL. So a border between columns can't move, and two columns
 * can't change places. Bytes are taken as stored: no collation and no padding makes two values equal.
 */
export function rowHash(columns: readonly ColumnKind[]): string {
  const parts = columns.filter((column) => !column.virtual).map(encoded);
  return `MD5(CONCAT(${parts.join(",")}))`;
}

function encoded(column: ColumnKind): string {
  const name = `\`${column.name.replaceAll("`", "``")}\``;
  switch (column.dataType) {
    // As text, a float shows six digits; as a double it shows all that it has.
    case "float":
      return present(`CAST(CAST(${name} AS DOUBLE) AS BINARY)`);
    // A number: the invalid member and an empty member read the same.
    case "enum":
    case "set":
      return present(`CAST(${name} + 0 AS BINARY)`);
    default:
      // A row's text may be longer than max_allowed_packet, which makes CONCAT answer NULL; MD5 knows no limit.
      return longTypes.has(column.dataType)
        ? `IFNULL(CONCAT(LENGTH(${name}),':',MD5(${name})),'N')`
        : present(`CAST(${name} AS BINARY)`);
  }
}

function present(value: string): string {
  return `IFNULL(CONCAT(LENGTH(${value}),':',${value}),'N')`;
}

/** Stands for the hash of a row that has none; the sum of all hashes of 10¹¹ rows stays below it. */
const unhashed = 10n ** 50n;

/**
 * One statement, one pass. A user variable makes the server compute each row's hash once, which halves the time
 * (measured on 10.11, 300,000 rows). It is set and read within one sum, whose left side is evaluated before its
 * right: in which order the columns of a result are computed, or whether COUNT looks at what it counts, is up to the
 * server.
 */
export function digestQuery(table: string, columns: readonly ColumnKind[]): string {
  const left = `CAST(CONV(LEFT(@wikiferry_h := ${rowHash(columns)}, 16), 16, 10) AS DECIMAL(20))`;
  const right = "CAST(CONV(RIGHT(@wikiferry_h, 16), 16, 10) AS DECIMAL(20))";
  return `SELECT COUNT(*) AS n, SUM(IFNULL(${left} * 18446744073709551616 + ${right}, ${unhashed})) AS s FROM ${table}`;
}

/** Reads the row of `digestQuery`; undefined if the hash of a row was NULL. */
export function readDigest(row: { n: string | number; s: string | null }): TableDigest | undefined {
  const sum = BigInt(row.s ?? 0);
  return sum >= unhashed ? undefined : { rows: String(row.n), sum: String(sum) };
}

export function sameDigest(a: TableDigest, b: TableDigest): boolean {
  return a.rows === b.rows && a.sum === b.sum;
}
