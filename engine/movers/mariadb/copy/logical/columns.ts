import { quoted } from "../../../../runtime/mariadb/identifier";

/** What a copy needs to know about a column (`information_schema.columns`). */
export interface Column {
  name: string;
  /** `DATA_TYPE`, such as `varbinary`. */
  dataType: string;
  charset: string | undefined;
  nullable: boolean;
  /** Generated from others, so never copied. */
  generated: boolean;
}

/** How a column is read without loss. */
export function readExpression(column: Column): string {
  const name = quoted(column.name);
  switch (column.dataType) {
    // As text, a float shows six digits; as a double it shows all of them.
    case "float":
      return `CAST(${name} AS DOUBLE)`;
    // The invalid member and an empty member read the same.
    case "enum":
    case "set":
      return `CAST(${name} AS UNSIGNED)`;
    default:
      return name;
  }
}

/** How its value is written. The parameter is what `readExpression` returned, as bytes. */
export function writeExpression(column: Column): string {
  switch (column.dataType) {
    case "enum":
    case "set":
      return "CAST(? AS UNSIGNED)";
    // Bytes would be taken for the value's binary form, but they are its text.
    case "inet4":
    case "inet6":
    case "uuid":
      return "CONVERT(? USING latin1)";
    default:
      return "?";
  }
}

const numbers = new Set(["tinyint", "smallint", "mediumint", "int", "bigint", "decimal", "year"]);
const times = new Set(["date", "datetime", "timestamp", "time"]);
const bytes = new Set(["binary", "varbinary"]);
const texts = new Set(["char", "varchar"]);

export function isInteger(column: Column): boolean {
  return numbers.has(column.dataType) && column.dataType !== "decimal";
}

/** Whether `column > literal` uses an index to find everything after it in the index's order. */
export function isOrdered(column: Column): boolean {
  return (
    !column.generated &&
    !column.nullable &&
    [numbers, times, bytes, texts].some((kind) => kind.has(column.dataType))
  );
}

/** A value of an ordered column, as it was on the wire, as a literal that compares in the column's own order. */
export function literal(column: Column, value: Buffer): string {
  if (numbers.has(column.dataType)) return value.toString("latin1");
  if (times.has(column.dataType)) return `'${value.toString("latin1")}'`;
  const hex = value.length === 0 ? "''" : `x'${value.toString("hex")}'`;
  return texts.has(column.dataType) && column.charset ? `_${column.charset} ${hex}` : hex;
}
