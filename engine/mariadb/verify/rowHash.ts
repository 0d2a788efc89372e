/** What a row's hash needs to know of a column (`information_schema.columns`). */
export interface ColumnKind {
  name: string;
  /** `DATA_TYPE`, such as `varbinary`. */
  dataType: string;
  /** Computed on reading, so it follows from the others. */
  virtual: boolean;
}

/** What one pass over a table yields; equal on both sides if, and but for chance of about 2⁻¹²⁸ only if, its rows are. */
export interface TableDigest {
  rows: string;
  /** Exclusive or of the left halves of all rows' MD5, decimal. */
  xor: string;
  /** Sum of the right halves, decimal, exact: it sees a pair of equal rows, which the exclusive or does not. */
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

/**
 * One statement, one pass: count, exclusive or and sum of the rows' hashes. The user variable makes the server
 * compute each hash once; a derived table takes twice the time (measured on 10.11, 300,000 rows). `hashed` falls
 * short of `n` where a hash is NULL.
 */
export function digestQuery(table: string, columns: readonly ColumnKind[]): string {
  return `SELECT COUNT(*) AS n, COUNT(@wikiferry_h := ${rowHash(columns)}) AS hashed,
    BIT_XOR(CAST(CONV(LEFT(@wikiferry_h, 16), 16, 10) AS UNSIGNED)) AS x,
    IFNULL(SUM(CAST(CONV(RIGHT(@wikiferry_h, 16), 16, 10) AS UNSIGNED)), 0) AS s
    FROM ${table}`;
}

export function sameDigest(a: TableDigest, b: TableDigest): boolean {
  return a.rows === b.rows && a.xor === b.xor && a.sum === b.sum;
}
