import { quoted } from "../../../../runtime/mariadb/identifier";
import type { Session } from "../../../../runtime/mariadb/server";
import { charsetName } from "../../charsets";

/** A view, trigger, routine, event or sequence as on blue. */
export interface StoredObject {
  kind: "VIEW" | "TRIGGER" | "FUNCTION" | "PROCEDURE" | "PACKAGE" | "PACKAGE BODY" | "EVENT" | "SEQUENCE";
  name: string;
  create: string;
  /** Session variables under which it was created, and which it keeps. */
  settings: Record<string, string>;
  /** The database's collation when it was created, if the object keeps it. */
  databaseCollation?: string;
  /** What makes a sequence continue where it is. */
  position?: string;
}

const settingColumns: Record<string, string> = {
  sql_mode: "sql_mode",
  time_zone: "time_zone",
  character_set_client: "character_set_client",
  collation_connection: "collation_connection",
};

/** All stored objects of a database, triggers in the order in which they fire. Never writes. */
export async function readObjects(session: Session, database: string): Promise<StoredObject[]> {
  const named = async (kind: StoredObject["kind"], query: string) =>
    (await session.rows<{ name: string; kind?: string }>(query, [database])).map((row) => ({
      kind: (row.kind ?? kind) as StoredObject["kind"],
      name: row.name,
    }));
  const all = [
    ...(await named(
      "SEQUENCE",
      "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = ? AND table_type = 'SEQUENCE' ORDER BY 1",
    )),
    ...(await named(
      "FUNCTION",
      "SELECT routine_name AS name, routine_type AS kind FROM information_schema.routines WHERE routine_schema = ? ORDER BY routine_type, routine_name",
    )),
    ...(await named(
      "VIEW",
      "SELECT table_name AS name FROM information_schema.views WHERE table_schema = ? ORDER BY 1",
    )),
    ...(await named(
      "TRIGGER",
      `SELECT trigger_name AS name FROM information_schema.triggers WHERE trigger_schema = ?
        ORDER BY event_object_table, action_timing, event_manipulation, action_order`,
    )),
    ...(await named(
      "EVENT",
      "SELECT event_name AS name FROM information_schema.events WHERE event_schema = ? ORDER BY 1",
    )),
  ];
  const objects: StoredObject[] = [];
  for (const { kind, name } of all) objects.push(await readObject(session, database, kind, name));
  return objects;
}

async function readObject(
  session: Session,
  database: string,
  kind: StoredObject["kind"],
  name: string,
): Promise<StoredObject> {
  const row =
    (await session.row<Record<string, string>>(`SHOW CREATE ${kind} ??.??`, [database, name])) ?? {};
  const create = Object.entries(row).find(
    ([column, value]) => /^(Create |SQL Original Statement$)/.test(column) && /^CREATE /i.test(String(value)),
  )?.[1];
  const settings: Record<string, string> = {};
  for (const [column, value] of Object.entries(row)) {
    const variable = settingColumns[column];
    if (variable && value !== null) settings[variable] = value;
  }
  return {
    kind,
    name,
    create: String(create),
    settings,
    ...(row["Database Collation"] ? { databaseCollation: row["Database Collation"] } : {}),
    ...(kind === "SEQUENCE" ? { position: await sequencePosition(session, database, name) } : {}),
  };
}

async function sequencePosition(session: Session, database: string, name: string): Promise<string> {
  const next = await session.value("SELECT next_not_cached_value FROM ??.??", [database, name]);
  return `SELECT SETVAL(${quoted(database)}.${quoted(name)}, ${next}, 0)`;
}

/**
 * Replaces the database's stored objects with the given ones. Its events stay disabled until this server is the
 * primary.
 */
export async function writeObjects(
  session: Session,
  database: string,
  objects: readonly StoredObject[],
): Promise<void> {
  await dropObjects(session, database);
  await session.run("USE ??", [database]);
  const collation = await session.value("SELECT @@collation_database");
  let left = [...objects];
  while (left.length > 0) {
    const failed: { object: StoredObject; error: unknown }[] = [];
    for (const object of left) {
      try {
        await writeObject(session, database, object, collation ?? "");
      } catch (error) {
        failed.push({ object, error });
      }
    }
    // A view may need one that comes later.
    if (failed.length === left.length) throw failed[0]?.error;
    left = failed.map(({ object }) => object);
  }
  const awake = await session.rows<{ name: string }>(
    "SELECT event_name AS name FROM information_schema.events WHERE event_schema = ? AND status <> 'SLAVESIDE_DISABLED'",
    [database],
  );
  for (const { name } of awake) await session.run("ALTER EVENT ??.?? DISABLE ON SLAVE", [database, name]);
}

async function writeObject(
  session: Session,
  database: string,
  object: StoredObject,
  collation: string,
): Promise<void> {
  const other =
    object.databaseCollation !== undefined &&
    charsetName(object.databaseCollation) !== charsetName(collation);
  await session.run("SET @wikiferry_mode = @@sql_mode, @wikiferry_zone = @@time_zone");
  for (const [variable, value] of Object.entries(object.settings)) {
    await session.run(`SET SESSION ${variable} = ?`, [value]);
  }
  try {
    if (other) await session.run(`ALTER DATABASE ${quoted(database)} COLLATE ?`, [object.databaseCollation]);
    await session.run(object.kind === "EVENT" ? asleep(object.create) : object.create);
    if (object.position) await session.rows(object.position);
  } finally {
    if (other) await session.run(`ALTER DATABASE ${quoted(database)} COLLATE ?`, [collation]);
    await session.run("SET SESSION sql_mode = @wikiferry_mode, time_zone = @wikiferry_zone");
    await session.run("SET NAMES utf8mb4");
  }
}

/** An event that never runs here, not even before it could be disabled. */
export function asleep(create: string): string {
  return create.replace(
    / (ON COMPLETION (?:NOT )?PRESERVE) (?:ENABLE|DISABLE ON SLAVE|DISABLE)\b/,
    " $1 DISABLE ON SLAVE",
  );
}

async function dropObjects(session: Session, database: string): Promise<void> {
  const drop = async (kind: string, query: string) => {
    for (const row of await session.rows<{ name: string; kind?: string }>(query, [database]))
      await session.run(`DROP ${row.kind ?? kind} IF EXISTS ??.??`, [database, row.name]);
  };
  await drop(
    "TRIGGER",
    "SELECT trigger_name AS name FROM information_schema.triggers WHERE trigger_schema = ?",
  );
  await drop("VIEW", "SELECT table_name AS name FROM information_schema.views WHERE table_schema = ?");
  await drop(
    "FUNCTION",
    "SELECT routine_name AS name, routine_type AS kind FROM information_schema.routines WHERE routine_schema = ?",
  );
  await drop("EVENT", "SELECT event_name AS name FROM information_schema.events WHERE event_schema = ?");
  await drop(
    "SEQUENCE",
    "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = ? AND table_type = 'SEQUENCE'",
  );
}
