import { readCheckpoint, writeCheckpoint } from "../../../control/mariadb/checkpoint";
import type { Journal } from "../../../control/mariadb/journal";
import type { Server } from "../../../runtime/mariadb/server";
import { readDefinitions } from "../verify/definitions";
import { positions } from "./status";

/** A schema change that reached a replica through the stream. */
export interface SchemaChange {
  kind: "created" | "dropped" | "renamed" | "altered";
  table: string;
  /** New name of a renamed table. */
  to?: string;
  /** What is different, for an altered table. */
  how: string[];
}

const checkpoint = "schema";

/** A table as it is remembered between two looks, without what changes with the rows. */
export interface KnownTable {
  name: string;
  engine: string;
  collation: string;
  columns: { name: string; text: string }[];
  indexes: string[];
}

/** What is different now. If a table is gone and an identical one has appeared, it was renamed. Pure. */
export function schemaChanges(before: readonly KnownTable[], after: readonly KnownTable[]): SchemaChange[] {
  const changes: SchemaChange[] = [];
  const came = after.filter(({ name }) => !before.some((other) => other.name === name));
  for (const old of before) {
    const now = after.find(({ name }) => name === old.name);
    if (now) {
      const how = alterations(old, now);
      if (how.length > 0) changes.push({ kind: "altered", table: old.name, how });
      continue;
    }
    const twin = came.findIndex((table) => shape(table) === shape(old));
    const [renamed] = twin < 0 ? [] : came.splice(twin, 1);
    changes.push(
      renamed
        ? { kind: "renamed", table: old.name, to: renamed.name, how: [] }
        : { kind: "dropped", table: old.name, how: [] },
    );
  }
  for (const { name } of came) changes.push({ kind: "created", table: name, how: [] });
  return changes;
}

function shape({ engine, collation, columns, indexes }: KnownTable): string {
  return JSON.stringify([engine, collation, columns, indexes]);
}

function alterations(old: KnownTable, now: KnownTable): string[] {
  const how: string[] = [];
  for (const what of ["engine", "collation"] as const)
    if (old[what] !== now[what]) how.push(`${what} ${old[what]} → ${now[what]}`);
  const lacks = (table: KnownTable, column: string) => !table.columns.some(({ name }) => name === column);
  for (const { name, text } of old.columns) {
    const twin = now.columns.find((column) => column.name === name);
    if (!twin) how.push(`column ${name} gone`);
    else if (twin.text !== text) how.push(`column ${name} ${text} → ${twin.text}`);
  }
  for (const { name, text } of now.columns) if (lacks(old, name)) how.push(`column ${name} ${text} new`);
  for (const index of old.indexes) if (!now.indexes.includes(index)) how.push(`index ${index} gone`);
  for (const index of now.indexes) if (!old.indexes.includes(index)) how.push(`index ${index} new`);
  const order = (table: KnownTable) => table.columns.map(({ name }) => name).join();
  if (how.length === 0 && order(old) !== order(now)) how.push("columns in a different order");
  return how;
}

/** One line for people. */
export function describeChange({ kind, table, to, how }: SchemaChange): string {
  if (kind === "renamed") return `table ${table} renamed to ${to}`;
  return `table ${table} ${kind}${how.length > 0 ? ` (${how.slice(0, 5).join("; ")})` : ""}`;
}

/**
 * Compares a replica's tables with the last look, and writes each change into the journal with the position up to which
 * it was followed. The first look only remembers: take it before the replica follows.
 * @param source Remembers as well, for when it becomes the replica.
 */
export async function noteSchemaChanges(
  replica: Server,
  source: Server,
  database: string,
  journal: Journal,
): Promise<SchemaChange[]> {
  const now = await knownTables(replica, database);
  const found = await readCheckpoint(replica, checkpoint);
  const before = found?.detail.tables as KnownTable[] | undefined;
  const changes = before ? schemaChanges(before, now) : [];
  if (before && changes.length === 0) return [];
  const gtid = (await positions(replica)).applied;
  for (const change of changes) {
    const { kind, table, to, how } = change;
    await journal.append({
      step: "replication",
      side: replica.side,
      event: `followed: ${describeChange(change)}`.slice(0, 190),
      detail: { kind, table, ...(to ? { to } : {}), how, gtid },
    });
  }
  for (const server of [replica, source])
    await writeCheckpoint(server, checkpoint, { state: "seen", gtid, detail: { tables: now } });
  return changes;
}

async function knownTables(server: Server, database: string): Promise<KnownTable[]> {
  const tables = await readDefinitions(await server.session(), database);
  return tables.map(({ name, engine, collation, columns, indexes }) => ({
    name,
    engine,
    collation,
    columns: columns.map(({ name: column, text }) => ({ name: column, text })),
    indexes,
  }));
}
