import type { Row, Server } from "../../../runtime/mariadb/server";

/** The next AUTO_INCREMENT number of each table. */
export type AutoIncrements = ReadonlyMap<string, bigint>;

/** Next numbers of a database's InnoDB tables. Value: the database's name. */
export const autoIncrementQuery = `SELECT table_name AS name, auto_increment AS next FROM information_schema.tables
      WHERE table_schema = ? AND auto_increment IS NOT NULL AND engine = 'InnoDB'`;

/** Parses the result of `numberingQuery`. */
export function autoIncrementsOf(rows: readonly Row[]): AutoIncrements {
  return new Map(rows.map((row) => [String(row.name), BigInt(String(row.next))]));
}

/** 1 to 5 ms with 70 tables on 10.11. Never writes. */
export async function readAutoIncrements(server: Server, database: string): Promise<AutoIncrements> {
  return autoIncrementsOf(await server.rows(autoIncrementQuery, [database]));
}

/** Tables whose next number in `behind` is lower than in `ahead`, with the number of `ahead`. */
export function lagging(ahead: AutoIncrements, behind: AutoIncrements): AutoIncrements {
  return new Map([...ahead].filter(([table, next]) => (behind.get(table) ?? 0n) < next));
}

/**
 * Raises next numbers, without the binary log. Each takes 10 to 40 ms, so this runs before the pause. Numbers that are
 * assigned later reach the replica with their rows, or belong to inserts that were rolled back and are not in use.
 */
export async function raiseAutoIncrements(
  server: Server,
  database: string,
  numbers: AutoIncrements,
): Promise<void> {
  const session = await server.sessionWithoutBinlog();
  for (const [table, next] of numbers)
    await session.run("ALTER TABLE ??.?? AUTO_INCREMENT = ?, ALGORITHM = NOCOPY", [database, table, next]);
}
