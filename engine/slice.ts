import type { ContainerRef, DatabaseAccess, DatabaseSide, MoveSpec } from "./move";

/** The named values of an object, and nothing more. */
export function pick<T extends object, K extends keyof T>(from: T, ...keys: K[]): Pick<T, K> {
  return Object.fromEntries(keys.map((key) => [key, from[key]])) as Pick<T, K>;
}

/** What finds a container. */
export function container(ref: ContainerRef): ContainerRef {
  return pick(ref, "container", "labelled", "dockerVia");
}

/** Both databases as the tool reaches them. */
export function databaseAccess({ blue, green }: MoveSpec): Both<DatabaseAccess> {
  const access = ({ database }: { database: DatabaseAccess }) => ({
    database: pick(database, "side", "admin", "adminUser"),
  });
  return { blue: access(blue), green: access(green) };
}

/** Both databases as servers that follow each other. */
export function replicatedDatabases({ blue, green }: MoveSpec): Both<DatabaseSide> {
  const replicated = ({ database }: { database: DatabaseSide }) => ({
    database: pick(database, "side", "admin", "adminUser", "replication", "serverId"),
  });
  return { blue: replicated(blue), green: replicated(green) };
}

interface Both<Database> {
  blue: { database: Database };
  green: { database: Database };
}
