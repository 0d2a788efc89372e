import type { Server } from "../../../runtime/mariadb/server";
import { accountsOf, nativePasswordHash } from "./accounts";

/** MediaWiki's account on green. */
export interface ApplicationAccount {
  user: string;
  password: string;
  database: string;
  /** The only host that it may log in from, such as `172.18.0.0/255.255.0.0`. */
  from: string;
  /** MAX_USER_CONNECTIONS. */
  connections: number;
  /**
   * Hosts of the account on blue. Views and triggers name one of them as their definer, so these accounts must exist;
   * nobody can log in with them.
   */
  definerHosts: readonly string[];
}

/**
 * Creates the account, and gives accounts of the same name for other hosts an invalid password, so that nobody can log in
 * with them. Not logged.
 */
export async function ensureApplicationAccount(server: Server, account: ApplicationAccount): Promise<void> {
  const { user, password, database, from, connections, definerHosts } = account;
  const session = await server.sessionWithoutBinlog();
  const others = (await accountsOf(server, user)).map(({ host }) => host);
  for (const host of new Set([...definerHosts, ...others])) {
    if (host === from) continue;
    await session.run("CREATE USER IF NOT EXISTS ?@?", [user, host]);
    await session.run("ALTER USER ?@? IDENTIFIED VIA mysql_native_password USING 'invalid'", [user, host]);
    await session.run("GRANT ALL PRIVILEGES ON ??.* TO ?@?", [database, user, host]);
  }
  await session.run("CREATE USER IF NOT EXISTS ?@?", [user, from]);
  // The flip decides whether it is locked, so that stays.
  await session.run("ALTER USER ?@? IDENTIFIED BY PASSWORD ? WITH MAX_USER_CONNECTIONS ?", [
    user,
    from,
    nativePasswordHash(password),
    connections,
  ]);
  await session.run("GRANT ALL PRIVILEGES ON ??.* TO ?@?", [database, user, from]);
}

/** Whether the account can log in from there with this password, and from nowhere else. Never writes. */
export async function applicationAccountHolds(
  server: Server,
  { user, password, from }: Pick<ApplicationAccount, "user" | "password" | "from">,
): Promise<boolean> {
  const rows = await server.rows<{ Host: string; hash: string }>(
    "SELECT Host, JSON_VALUE(Priv, '$.authentication_string') AS hash FROM mysql.global_priv WHERE User = ?",
    [user],
  );
  const hash = nativePasswordHash(password);
  return (
    rows.some((row) => row.Host === from && row.hash === hash) &&
    rows.every((row) => row.Host === from || row.hash === "invalid")
  );
}
