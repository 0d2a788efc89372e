/**
 * One charset has two names: up to 10.5 servers print `utf8`, from 10.6 on `utf8mb3`, and its collations likewise.
 * What one server prints is compared with what another prints by the newer name, which older ones understand too.
 * `utf8mb3_uca1400_ai_ci` is a collation of its own and stays one. https://mariadb.com/kb/en/unicode/
 */

/** The newer name of a charset or a collation; any other stays as it is. */
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
 * In a SET SESSION on a server that gets what another one printed: where that names a charset alone, the collation is
 * the charset's own and not the one that servers from 11.5 on put in its place.
 * https://mariadb.com/kb/en/server-system-variables/#character_set_collations
 */
export const ownCollations = "/*M!110201 character_set_collations = '', */";
