import { createHash } from "node:crypto";
import type { Server, Session } from "../../../../runtime/mariadb/server";
import { DefinitionsChanged, unlessChanged } from "./failures";
import { readObjects, type StoredObject } from "./objects";
import { readTables, showCreate, type Table, withoutNumbering } from "./tables";

/** Everything in a database except its rows. */
export interface Definitions {
  tables: Table[];
  objects: StoredObject[];
  /** `SHOW CREATE DATABASE`. */
  create: string;
  /** Stays the same as long as nothing is created, dropped, renamed, truncated or altered. */
  fingerprint: string;
  /** For each table, by its name. */
  tableFingerprints: Map<string, string>;
}

/** A session whose answers are complete and in the form that this file parses. */
export async function openReader(server: Server): Promise<Session> {
  const session = await server.open();
  await session.run(
    `SET SESSION sql_mode = '', sql_quote_show_create = 1, lock_wait_timeout = 60, group_concat_max_len = 1048576`,
  );
  return session;
}

/** Undefined where a table was dropped or replaced while they were read. */
export async function definitionsNow(session: Session, database: string): Promise<Definitions | undefined> {
  try {
    return await unlessChanged(readDefinitions(session, database));
  } catch (error) {
    if (error instanceof DefinitionsChanged) return undefined;
    throw error;
  }
}

async function readDefinitions(session: Session, database: string): Promise<Definitions> {
  const made = await session.row<Record<string, string>>("SHOW CREATE DATABASE ??", [database]);
  const create = String(made?.["Create Database"]);
  const tables = await readTables(session, database);
  const objects = await readObjects(session, database);
  const identities = await readIdentities(session, database);
  const tableFingerprints = new Map(
    tables.map((table) => [table.name, tableFingerprint(table.create, identities.get(table.name))]),
  );
  const stored = objects.map(({ position: _, ...object }) => object);
  const fingerprint = digest(JSON.stringify([create, [...tableFingerprints], stored]));
  return { tables, objects, create, fingerprint, tableFingerprints };
}

/** What `Definitions.tableFingerprints` would be now for one table; undefined if it is gone. */
export async function fingerprintOf(
  session: Session,
  database: string,
  table: string,
): Promise<string | undefined> {
  try {
    const create = await showCreate(session, database, table);
    return tableFingerprint(create, (await readIdentities(session, database)).get(table));
  } catch (error) {
    // ER_NO_SUCH_TABLE
    if ((error as { errno?: number }).errno === 1146) return undefined;
    throw error;
  }
}

function tableFingerprint(create: string, identity: string | undefined): string {
  return digest(`${withoutNumbering(create)}\n${identity ?? ""}`);
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/**
 * What distinguishes a table from another with the same name and definition: InnoDB's id, which TRUNCATE and a rebuild
 * change and RENAME keeps; for other engines the creation time.
 */
async function readIdentities(session: Session, database: string): Promise<Map<string, string>> {
  const identities = new Map<string, string>();
  const made = await session.rows<{ name: string; made: string | null; engine: string | null }>(
    `SELECT table_name AS name, create_time AS made, engine FROM information_schema.tables
      WHERE table_schema = ? AND table_type = 'BASE TABLE'`,
    [database],
  );
  const numbers = await session.rows<{ name: string; id: string | number }>(
    "SELECT name, table_id AS id FROM information_schema.innodb_sys_tables WHERE name LIKE ?",
    [`${fileName(database).replace(/[_%\\]/g, "\\$&")}/%`],
  );
  const byFile = new Map<string, string[]>();
  for (const { name, id } of numbers) {
    const file = (name.split("/")[1] ?? "").split(/#p#/i)[0] as string;
    byFile.set(file, [...(byFile.get(file) ?? []), String(id)]);
  }
  for (const { name, made: at, engine } of made) {
    const ids = byFile.get(fileName(name))?.sort().join(",");
    identities.set(name, engine === "InnoDB" ? (ids ?? "") : String(at));
  }
  return identities;
}

/**
 * How a name appears in file names, for ASCII. Other letters have codes that are not needed here: a table with such a
 * name is identified by its definition alone. https://mariadb.com/kb/en/identifier-to-file-name-mapping/
 */
export function fileName(name: string): string {
  return name.replace(/[^A-Za-z0-9_]/g, (other) => `@${other.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
