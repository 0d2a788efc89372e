/** A name of a table, a column or a database, for SQL that is put together. */
export function quoted(name: string): string {
  return `\`${name.replaceAll("`", "``")}\``;
}
