/** Quotes the name of a table, a column or a database for composed SQL. */
export function quoted(name: string): string {
  return `\`${name.replaceAll("`", "``")}\``;
}
