/**
 * One charset has two names: servers up to 10.5 print `utf8`, later ones `utf8mb3`, and likewise for its collations.
 * Output of different servers is compared by the newer name, which older ones understand too. `utf8mb3_uca1400_ai_ci`
 * is a separate collation and keeps its name. https://mariadb.com/kb/en/unicode/
 */

/** The newer name of a charset or a collation. Any other name stays as it is. */
export function charsetName(name: string): string {
  return name.replace(/^utf8(?=_|$)/i, "utf8mb3");
}

const quotedOrName = /'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|`(?:[^`]|``)*`|\b_?utf8(?=_|\b)/gis;

/** SQL as a server prints it, with the newer names outside of quotes, such as `_utf8mb3'a'` and `using utf8mb3`. */
export function charsetsIn(sql: string): string {
  return sql.replace(quotedOrName, (found) =>
    /^['"`]/.test(found) ? found : found.replace(/utf8/i, "utf8mb3"),
  );
}

/**
 * For a SET SESSION on a server that receives what another one printed. Where the text names only a charset, the
 * collation is then the charset's own and not the one that servers from 11.5 on substitute.
 * https://mariadb.com/kb/en/server-system-variables/#character_set_collations
 */
export const ownCollations = "/*M!110201 character_set_collations = '', */";
