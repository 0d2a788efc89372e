import { quoted } from "../../../runtime/mariadb/identifier";

/** What a row's text needs to know about a column (`information_schema.columns`). */
export interface ColumnKind {
  name: string;
  /** `DATA_TYPE`, such as `varbinary`. */
  dataType: string;
  /** A virtual column, so its value follows from the others. */
  virtual: boolean;
  nullable: boolean;
  /** For text; undefined for bytes and all other types. */
  charset: string | undefined;
  /** Maximum length of a value; 0 for what is neither text nor bytes. */
  maxBytes: number;
  unsigned: boolean;
}

/** Types whose text has only digits and a few signs, never a comma. */
const plainTypes = new Set([
  ...["tinyint", "smallint", "mediumint", "int", "bigint", "decimal", "double"],
  ...["date", "datetime", "timestamp", "time", "year"],
]);
const byteTypes = new Set(["binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"]);
const longTypes = new Set([
  ...["blob", "mediumblob", "longblob", "text", "mediumtext", "longtext", "json"],
  ...["geometry", "point", "linestring", "polygon"],
  ...["multipoint", "multilinestring", "multipolygon", "geometrycollection"],
]);

/** A longer value appears in its row's text as its own hash, so that no row's text is long. In bytes. */
export const longestInline = 4096;

/**
 * An SQL expression for a row as bytes, in an unambiguous form. A number or a time is its text and a comma; text and
 * bytes are their length, a comma, the stored bytes, and a comma; NULL is an `N`. So a border between columns can't
 * move, two columns can't change places, and no collation or padding makes two values equal.
 */
export function rowText(columns: readonly ColumnKind[]): string {
  return `CONCAT_WS(',',${columns
    .filter((column) => !column.virtual)
    .flatMap(parts)
    .join(",")})`;
}

/** Upper bound of a row's text, in bytes. CONCAT_WS returns NULL beyond max_allowed_packet. */
export function longestRowText(columns: readonly ColumnKind[]): number {
  return columns.reduce((sum, column) => sum + boundOf(column), 0);
}

/** For a type longer than this, the bound says little about a value's length. In bytes. */
const shortValue = 300;

/**
 * An upper bound on the text of many rows: `bytesPerRow` for each row, plus the sum of the SQL expression `sum`, if set.
 * Computing it costs almost nothing where rows are long, and nothing where they are short.
 */
export function textBound(columns: readonly ColumnKind[]): { bytesPerRow: number; sum: string | undefined } {
  const short = columns.filter((column) => boundOf(column) <= shortValue);
  const long = columns.filter((column) => !short.includes(column) && !column.virtual);
  const lengths = long.map(({ name, dataType }) => {
    const length = `IFNULL(LENGTH(${quoted(name)}),0)`;
    return longTypes.has(dataType) ? `LEAST(${length},${longestInline})` : length;
  });
  return {
    bytesPerRow: longestRowText(short) + 12 * long.length,
    sum: lengths.length > 0 ? `SUM(${lengths.join("+")})` : undefined,
  };
}

function boundOf({ dataType, maxBytes }: ColumnKind): number {
  // A number of 65 digits, or a length of ten.
  return 12 + (longTypes.has(dataType) ? longestInline : Math.max(maxBytes, 70));
}

function parts(column: ColumnKind): string[] {
  const name = quoted(column.name);
  const { dataType, nullable } = column;
  const orN = (value: string) => (nullable ? `IFNULL(${value},'N')` : value);
  if (plainTypes.has(dataType)) return [orN(name)];
  // As text, a float shows six digits; as a double it shows all of them.
  if (dataType === "float") return [orN(`CAST(${name} AS DOUBLE)`)];
  // As a number, because the invalid member and an empty member read the same.
  if (dataType === "enum" || dataType === "set" || dataType === "bit") return [orN(`${name}+0`)];
  const bytes = byteTypes.has(dataType) ? name : `CAST(${name} AS BINARY)`;
  // CONCAT_WS omits NULLs, so there is an N in place of the length.
  if (!longTypes.has(dataType))
    return [orN(`LENGTH(${byteTypes.has(dataType) || column.charset ? name : bytes})`), bytes];
  return [orN(`LENGTH(${name})`), `IF(LENGTH(${name})>${longestInline},SHA1(${name}),${bytes})`];
}
