import { block, type Finding, pass } from "../../finding";
import { size } from "../../format";
import type { Server } from "../../runtime/mariadb/server";

/** Databases that every server has, and those that the move creates. */
export const ownSchemas: readonly string[] = [
  "mysql",
  "information_schema",
  "performance_schema",
  "sys",
  "wikiferry",
];

/** A database on blue's server that is not the wiki's. */
export interface Neighbour {
  name: string;
  tables: number;
  /** Routines and events. */
  programs: number;
  /** Of data and indexes, approximate. */
  bytes: number;
  /** In UTC. For InnoDB tables it covers the time since the server's start only, so undefined does not mean never. */
  lastWrite: string | undefined;
  /** Who has privileges on it, other than on all databases. */
  accounts: string[];
}

/** Never writes. */
export async function readNeighbours(server: Server, database: string): Promise<Neighbour[]> {
  const schemas = await server.rows<{ name: string; folded: string | number }>(
    `SELECT schema_name AS name, @@lower_case_table_names AS folded FROM information_schema.schemata
      WHERE schema_name NOT IN (?)`,
    [ownSchemas],
  );
  const fold = (name: string) => (Number(schemas[0]?.folded) === 0 ? name : name.toLowerCase());
  const names = schemas.map(({ name }) => name).filter((name) => fold(name) !== fold(database));
  if (names.length === 0) return [];
  const tables = await server.rows<Record<"name" | "tables" | "bytes" | "lastWrite", string | null>>(
    `SELECT table_schema AS name, COUNT(*) AS tables, SUM(data_length + index_length) AS bytes,
            DATE_FORMAT(CONVERT_TZ(MAX(update_time), @@session.time_zone, '+00:00'), '%Y-%m-%d %H:%i') AS lastWrite
       FROM information_schema.tables WHERE table_schema IN (?) GROUP BY table_schema`,
    [names],
  );
  const programs = await server.rows<{ name: string; programs: string }>(
    `SELECT name, COUNT(*) AS programs FROM (
       SELECT routine_schema AS name FROM information_schema.routines WHERE routine_schema IN (?)
       UNION ALL SELECT event_schema FROM information_schema.events WHERE event_schema IN (?)) found GROUP BY name`,
    [names, names],
  );
  // A privilege may be on a pattern of names.
  const rights = await server.rows<{ name: string; account: string }>(
    `SELECT DISTINCT s.schema_name AS name, CONCAT(g.User, '@', g.Host) AS account
       FROM information_schema.schemata s
       JOIN (SELECT User, Host, Db FROM mysql.db UNION SELECT User, Host, Db FROM mysql.tables_priv) g
         ON s.schema_name LIKE g.Db
      WHERE s.schema_name IN (?) AND g.User NOT IN ('', 'PUBLIC') ORDER BY 1, 2`,
    [names],
  );
  return names.map((name) => {
    const found = tables.find((row) => row.name === name);
    return {
      name,
      tables: Number(found?.tables ?? 0),
      programs: Number(programs.find((row) => row.name === name)?.programs ?? 0),
      bytes: Number(found?.bytes ?? 0),
      lastWrite: found?.lastWrite ?? undefined,
      accounts: rights.filter((row) => row.name === name).map(({ account }) => account),
    };
  });
}

/**
 * Whether blue's server belongs to the wiki alone. Another database there is not copied, so replication would stop at
 * the first write to it, and a flip makes the whole server read-only. An empty database is harmless. Pure.
 */
export function neighboursFinding(neighbours: readonly Neighbour[]): Finding {
  const full = neighbours.filter(({ tables, programs }) => tables + programs > 0);
  if (full.length === 0) {
    const empty = neighbours.map(({ name }) => name);
    return pass(
      "DB_NEIGHBOURS",
      `no other database on blue's server holds anything${empty.length > 0 ? ` (${empty.join(", ")})` : ""}`,
    );
  }
  return block(
    "DB_NEIGHBOURS",
    `blue's server also holds ${full.map(describe).join("; ")}: green would stop following at the first write there, and a flip would make all of the server read-only`,
    "Take them to another server first (mariadb-dump, load it there, point their applications there, then DROP DATABASE here), or give the wiki a server of its own",
  );
}

function describe({ name, tables, programs, bytes, lastWrite, accounts }: Neighbour): string {
  const holds = [
    ...(tables > 0 ? [`${tables === 1 ? "1 table" : `${tables} tables`}, ${size(bytes)}`] : []),
    ...(programs > 0 ? [programs === 1 ? "1 routine or event" : `${programs} routines and events`] : []),
    lastWrite ? `written to at ${lastWrite} UTC` : "last write unknown",
    accounts.length > 0 ? `used by ${accounts.join(", ")}` : "no account of its own",
  ];
  return `${name} (${holds.join("; ")})`;
}
