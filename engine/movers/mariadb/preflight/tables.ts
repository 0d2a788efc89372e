import { block, type Finding, pass, warn } from "../../../finding";
import { quoted } from "../../../runtime/mariadb/identifier";
import type { Server } from "../../../runtime/mariadb/server";

/** What decides whether a table can be copied and replicated. */
export interface TableFacts {
  name: string;
  engine: string;
  /** Whether the engine has transactions, so that a snapshot covers it. */
  transactional: boolean;
  hasRows: boolean;
  /** Whether a primary key or a unique key without nullable columns identifies each row. */
  identified: boolean;
  /** Columns of type FLOAT. */
  floatColumns: string[];
}

/** Never writes. */
export async function readTables(server: Server, database: string): Promise<TableFacts[]> {
  const session = await server.session();
  const tables = await session.rows<Record<"name" | "engine" | "transactions", string | null>>(
    `SELECT t.table_name AS name, t.engine AS engine, e.transactions AS transactions
       FROM information_schema.tables t LEFT JOIN information_schema.engines e ON e.engine = t.engine
      WHERE t.table_schema = ? AND t.table_type = 'BASE TABLE' ORDER BY t.table_name`,
    [database],
  );
  const identified = await session.rows<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.statistics WHERE table_schema = ? AND non_unique = 0
      GROUP BY table_name, index_name HAVING SUM(nullable = 'YES') = 0`,
    [database],
  );
  const floats = await session.rows<{ name: string; col: string }>(
    "SELECT table_name AS name, column_name AS col FROM information_schema.columns WHERE table_schema = ? AND data_type = 'float'",
    [database],
  );
  const keys = new Set(identified.map((row) => row.name));
  const facts: TableFacts[] = [];
  for (const { name, engine, transactions } of tables) {
    const transactional = transactions === "YES";
    const table = {
      name: String(name),
      engine: engine ?? "unknown",
      transactional,
      identified: keys.has(String(name)),
      floatColumns: floats.filter((row) => row.name === name).map((row) => row.col),
    };
    // Only where it matters: statistics are estimates, so this looks for a row.
    const matters = !transactional || !table.identified;
    const hasRows =
      matters && (await session.value("SELECT 1 FROM ??.?? LIMIT 1", [database, table.name])) !== undefined;
    facts.push({ ...table, hasRows });
  }
  return facts;
}

/**
 * MediaWiki's tables that a maintenance script or the wiki itself can rebuild from others, and how. `objectcache` may
 * hold sessions, so it is not one of them.
 */
const rebuildable: Record<string, string> = {
  searchindex: "rebuildtextindex.php",
  querycache: "updateSpecialPages.php",
  querycachetwo: "updateSpecialPages.php",
  querycache_info: "updateSpecialPages.php",
  l10n_cache: "rebuildLocalisationCache.php",
};

/** Non-transactional tables that hold what nobody could rebuild. */
export function storageEngineFinding(tables: readonly TableFacts[], tablePrefix: string): Finding {
  const outside = tables.filter((table) => !table.transactional && table.hasRows);
  const canBeMade = (table: TableFacts) =>
    table.name.startsWith(tablePrefix) && table.name.slice(tablePrefix.length) in rebuildable;
  const lost = outside.filter((table) => !canBeMade(table));
  if (lost.length > 0) {
    return block(
      "STORAGE_ENGINE",
      `${lost.map((table) => `${table.name} (${table.engine})`).join(", ")} hold${lost.length === 1 ? "s" : ""} rows outside of transactions: no snapshot covers them, and a crash may leave them half written`,
      `Convert on blue: ${lost.map((table) => `ALTER TABLE ${quoted(table.name)} ENGINE=InnoDB`).join("; ")}`,
    );
  }
  const kept = outside.map((table) => table.name);
  return pass(
    "STORAGE_ENGINE",
    kept.length === 0
      ? "every table with rows has transactions"
      : `${kept.join(", ")}: without transactions, brought into line by the stream; ${[...new Set(outside.map((table) => rebuildable[table.name.slice(tablePrefix.length)]))].join(", ")} would rebuild them`,
  );
}

/** MediaWiki 1.35 to 1.43 creates these without a unique key (its tables.json). */
const keylessInMediaWiki = ["oldimage", "querycache", "querycachetwo", "user_newtalk"];

/**
 * Tables without a key that identifies a row. A replica finds such a row by comparing all its columns
 * (https://mariadb.com/kb/en/row-based-replication-with-no-primary-key/). That is slow but correct, unless the copy
 * changed a value. It does in a FLOAT column: a dump writes floats with 6 digits (https://mariadb.com/kb/en/float/), so
 * an update of a copied row would not find it and would stop the stream.
 *
 * MediaWiki's own tables without a key are no warning: nobody should change its schema.
 */
export function primaryKeyFinding(tables: readonly TableFacts[], tablePrefix: string): Finding {
  const without = tables.filter((table) => !table.identified);
  const lost = without.filter((table) => table.floatColumns.length > 0);
  if (lost.length > 0) {
    return block(
      "NO_PRIMARY_KEY",
      `${lost.map((table) => `${table.name} (${table.floatColumns.join(", ")})`).join(", ")}: no key identifies a row, and FLOAT columns do not compare equal after a copy, so changes could not be applied`,
      `Give each a primary key on blue, such as ${lost.map((table) => `ALTER TABLE ${quoted(table.name)} ADD COLUMN id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY`).join("; ")}, or change FLOAT to DOUBLE`,
    );
  }
  const own = (table: TableFacts) => keylessInMediaWiki.some((name) => table.name === tablePrefix + name);
  const slow = without.filter((table) => table.hasRows && !own(table));
  if (slow.length > 0) {
    return warn(
      "NO_PRIMARY_KEY",
      `${slow.map((table) => table.name).join(", ")}: no key identifies a row`,
      "They are copied and compared as a whole; a change of many of their rows makes green lag, so add a primary key where you can",
    );
  }
  const ours = without.filter(own).map((table) => table.name);
  return pass(
    "NO_PRIMARY_KEY",
    ours.length === 0
      ? "a key identifies each row"
      : `a key identifies each row, except in MediaWiki's ${ours.join(", ")}, which are compared as a whole`,
  );
}
