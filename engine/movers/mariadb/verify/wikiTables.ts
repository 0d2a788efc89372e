import { quoted } from "../../../runtime/mariadb/identifier";
import type { Session } from "../../../runtime/mariadb/server";

/** A table of MediaWiki on both sides: how many rows, and the highest id. Decimal. */
export interface WikiCount {
  table: string;
  rows: { primary: string; replica: string };
  newest: { primary: string; replica: string };
}

/** The tables by which people know a wiki's state, with the column that numbers their rows. */
export const countedTables = { page: "page_id", revision: "rev_id", user: "user_id", logging: "log_id" };

/**
 * Counts and newest ids of a MediaWiki's tables. A table that is missing, or is not MediaWiki's, has no entry. Never
 * writes.
 * @param rows For each table, the counts of each side from the same snapshots.
 */
export async function countWikiTables(
  sides: { primary: Session; replica: Session },
  wiki: { database: string; tablePrefix: string },
  rows: ReadonlyMap<string, WikiCount["rows"]>,
): Promise<WikiCount[]> {
  const counts: WikiCount[] = [];
  for (const [name, id] of Object.entries(countedTables)) {
    const table = `${wiki.tablePrefix}${name}`;
    const counted = rows.get(table);
    if (!counted) continue;
    const query = `SELECT MAX(${quoted(id)}) FROM ${quoted(wiki.database)}.${quoted(table)}`;
    const [primary, replica] = await Promise.all(
      [sides.primary, sides.replica].map((session) => session.value(query).catch(unlessNoColumn)),
    );
    if (primary === null || replica === null) continue;
    counts.push({
      table,
      rows: counted,
      newest: { primary: primary ?? "0", replica: replica ?? "0" },
    });
  }
  return counts;
}

/** Someone else's table of that name. */
function unlessNoColumn(error: unknown): null {
  if ((error as { errno?: number }).errno === 1054) return null;
  throw error;
}
