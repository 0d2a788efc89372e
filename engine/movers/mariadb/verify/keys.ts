import { quoted } from "../../../runtime/mariadb/identifier";
import type { ColumnKind } from "./rowText";

/**
 * A row's key in one canonical form, wherever it comes from: numbers as they are written, text and bytes as upper-case
 * hex of what is stored, other types as the server writes them; several columns joined by commas.
 */
export type KeyText = string;

const wholeNumbers = new Set(["tinyint", "smallint", "mediumint", "int", "bigint"]);
const bytes = new Set(["binary", "varbinary"]);
const texts = new Set(["char", "varchar"]);
const written = new Set(["decimal", "date", "datetime", "timestamp", "time", "year"]);

export function isWholeNumber({ dataType }: Pick<ColumnKind, "dataType">): boolean {
  return wholeNumbers.has(dataType);
}

/** Whether a column's values can be read, written and compared as a key. */
export function canBeKey({ dataType, charset }: Pick<ColumnKind, "dataType" | "charset">): boolean {
  if (texts.has(dataType)) return charset !== undefined;
  return wholeNumbers.has(dataType) || bytes.has(dataType) || written.has(dataType);
}

/** SQL that returns the key as `KeyText`. */
export function keyTextOf(key: readonly ColumnKind[]): string {
  const parts = key.map(({ name, dataType }) =>
    bytes.has(dataType) || texts.has(dataType) ? `HEX(${quoted(name)})` : quoted(name),
  );
  return `CONCAT_WS(',',${parts.join(",")})`;
}

/** One key column's value as SQL. */
export function literal(column: ColumnKind, text: string): string {
  if (wholeNumbers.has(column.dataType) && /^-?\d+$/.test(text)) return text;
  if (/^[0-9A-F]*$/.test(text)) {
    if (bytes.has(column.dataType)) return `X'${text}'`;
    if (texts.has(column.dataType) && /^\w+$/.test(column.charset ?? "-"))
      return `_${column.charset} X'${text}'`;
  }
  if (written.has(column.dataType) && /^[-0-9.: ]+$/.test(text)) return `'${text}'`;
  throw new Error(`no value of a key column of type ${column.dataType}: ${JSON.stringify(text)}`);
}

/** SQL that matches the rows with one of these keys, in a form that MariaDB looks up in the index. */
export function withKeys(key: readonly ColumnKind[], keys: readonly KeyText[]): string {
  const first = key[0] as ColumnKind;
  if (key.length === 1)
    return `${quoted(first.name)} IN (${keys.map((text) => literal(first, text)).join(",")})`;
  return keys
    .map((text) => {
      const values = text.split(",");
      const equal = key.map((column, at) => `${quoted(column.name)}=${literal(column, values[at] ?? "")}`);
      return `(${equal.join(" AND ")})`;
    })
    .join(" OR ");
}

/** For people: `pl_from 17, pl_title Main_Page`. */
export function describeKey(key: readonly ColumnKind[], text: KeyText): string {
  const values = text.split(",");
  return key.map((column, at) => `${column.name} ${describeValue(column, values[at] ?? "")}`).join(", ");
}

export function describeValue({ dataType }: Pick<ColumnKind, "dataType">, text: string): string {
  if (!bytes.has(dataType) && !texts.has(dataType)) return text;
  const value = Buffer.from(text, "hex");
  const shown = value.toString("utf8");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be printed
  const printable = Buffer.from(shown).equals(value) && !/[\u0000-\u001f\u007f]/.test(shown);
  return printable && shown !== "" ? shown : `0x${text}`;
}
