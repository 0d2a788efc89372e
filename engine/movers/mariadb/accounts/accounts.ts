import { createHash } from "node:crypto";
import type { Server, Session } from "../../../runtime/mariadb/server";
import { replicationUser } from "../replication/follow";

/** One account: a user name and the host it may connect from. */
export interface Account {
  user: string;
  host: string;
}

/** `'user'@'host'` as an SQL literal pair. */
const accountSql = "?@?";
const accountOf = (account: Account) => [account.user, account.host];

/**
 * The `mysql_native_password` hash of a password: `*` and SHA-1 of SHA-1 in hex. It is sent instead of the password, so
 * no server log can contain the password.
 */
export function nativePasswordHash(password: string): string {
  const once = createHash("sha1").update(password).digest();
  return `*${createHash("sha1").update(once).digest("hex").toUpperCase()}`;
}

/**
 * Creates the account with which the other side follows this server: REPLICATION SLAVE and nothing else, over TLS only.
 * It is not logged: each server has its own, and a flip carries no account over.
 */
export async function ensureReplicationAccount(server: Server, password: string): Promise<void> {
  const session = await server.sessionWithoutBinlog();
  const account = [replicationUser, "%"];
  const hash = nativePasswordHash(password);
  await session.run(`CREATE USER IF NOT EXISTS ${accountSql} IDENTIFIED BY PASSWORD ? REQUIRE SSL`, [
    ...account,
    hash,
  ]);
  await session.run(`ALTER USER ${accountSql} IDENTIFIED BY PASSWORD ? REQUIRE SSL ACCOUNT UNLOCK`, [
    ...account,
    hash,
  ]);
  await session.run(`REVOKE ALL PRIVILEGES, GRANT OPTION FROM ${accountSql}`, account);
  await session.run(`GRANT REPLICATION SLAVE ON *.* TO ${accountSql}`, account);
}

/** Drops the replication account when the move is over. */
export async function dropReplicationAccount(server: Server): Promise<void> {
  await (await server.sessionWithoutBinlog()).run(`DROP USER IF EXISTS ${accountSql}`, [
    replicationUser,
    "%",
  ]);
}

/** All accounts of a user name, whatever their host. Never writes. */
export async function accountsOf(server: Server, user: string): Promise<Account[]> {
  const rows = await server.rows<{ User: string; Host: string }>(
    "SELECT User, Host FROM mysql.user WHERE User = ? ORDER BY Host",
    [user],
  );
  return rows.map((row) => ({ user: row.User, host: row.Host }));
}

/**
 * Locks every account of `user`: no new session, also after a restart. Open sessions continue; see `killSessions`. Not
 * logged, so the other side's accounts stay open.
 */
export async function lockAccounts(server: Server, user: string): Promise<Account[]> {
  return await alterAccounts(server, user, "ACCOUNT LOCK");
}

export async function unlockAccounts(server: Server, user: string): Promise<Account[]> {
  return await alterAccounts(server, user, "ACCOUNT UNLOCK");
}

async function alterAccounts(
  server: Server,
  user: string,
  change: "ACCOUNT LOCK" | "ACCOUNT UNLOCK",
): Promise<Account[]> {
  const accounts = await accountsOf(server, user);
  const session = await server.sessionWithoutBinlog();
  for (const account of accounts) await session.run(`ALTER USER ${accountSql} ${change}`, accountOf(account));
  return accounts;
}

/** 1 where all accounts of a user are locked. */
export const accountsLockedQuery =
  "SELECT COALESCE(MIN(COALESCE(JSON_VALUE(Priv, '$.account_locked'), 0)), 0) FROM mysql.global_priv WHERE User = ?";

/** Whether every account of `user` is locked; false if there is none. Never writes. */
export async function accountsLocked(server: Server, user: string): Promise<boolean> {
  return (await server.value(accountsLockedQuery, [user])) === "1";
}

/**
 * Ends all sessions of `user` in one statement (KILL USER). Statements under way are rolled back.
 * @returns how many sessions there were
 */
export async function killSessions(server: Server, user: string): Promise<number> {
  const session = await server.sessionWithoutBinlog();
  return await killSessionsOf(session, user);
}

async function killSessionsOf(session: Session, user: string): Promise<number> {
  const count = Number(
    await session.value("SELECT COUNT(*) FROM information_schema.processlist WHERE USER = ?", [user]),
  );
  if (count > 0) await session.run("KILL HARD CONNECTION USER ?", [user]);
  return count;
}

/**
 * Ends the sessions of `user` that are in a writing transaction. Sessions that only read continue.
 * @returns how many there were
 */
export async function killWriters(server: Server, user: string): Promise<number> {
  const session = await server.sessionWithoutBinlog();
  const writers = await session.rows<{ id: string }>(
    `SELECT t.trx_mysql_thread_id AS id
       FROM information_schema.innodb_trx t JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id
      WHERE p.user = ? AND (t.trx_rows_modified > 0 OR t.trx_rows_locked > 0)`,
    [user],
  );
  for (const { id } of writers) {
    await session.run("KILL HARD CONNECTION ?", [Number(id)]).catch((error: unknown) => {
      // ER_NO_SUCH_THREAD: the session has ended by itself.
      if ((error as { errno?: number }).errno !== 1094) throw error;
    });
  }
  return writers.length;
}

/** Privileges with which a session writes through `read_only` (SUPER before 10.11 includes READ_ONLY ADMIN). */
const writesThrough = ["SUPER", "READ_ONLY ADMIN", "READ ONLY ADMIN"];

/** Accounts that `read_only` does not stop, by their own privilege or by a role granted to them. Never writes. */
export async function accountsPastReadOnly(server: Server): Promise<Account[]> {
  const grantees = await server.rows<{ GRANTEE: string }>(
    "SELECT DISTINCT GRANTEE FROM information_schema.user_privileges WHERE PRIVILEGE_TYPE IN (?)",
    [writesThrough],
  );
  const privileged = grantees.map((row) => parseGrantee(row.GRANTEE));
  // information_schema.user_privileges omits the privileges of roles (seen on 10.11).
  for (const { User } of await server.rows<{ User: string }>(
    "SELECT User FROM mysql.user WHERE is_role = 'Y'",
  )) {
    const grants = await server.rows(`SHOW GRANTS FOR ??`, [User]);
    if (grants.some((grant) => grantsWritingThrough(String(Object.values(grant)[0])))) {
      privileged.push({ user: User, host: "" });
    }
  }
  const mapping = await server.rows<{ Host: string; User: string; Role: string }>(
    "SELECT Host, User, Role FROM mysql.roles_mapping",
  );
  return withRoles(privileged, mapping);
}

/** Whether one line of SHOW GRANTS grants a privilege to write through `read_only`. */
export function grantsWritingThrough(grant: string): boolean {
  const rights = /^GRANT (.*) ON \*\.\* TO /s.exec(grant)?.[1]?.split(/,\s*/) ?? [];
  return rights.some((right) => right === "ALL PRIVILEGES" || writesThrough.includes(right));
}

/** Parses `'user'@'host'` as information_schema writes it, without escapes. A role has no host or an empty one. */
export function parseGrantee(grantee: string): Account {
  const match = /^'(.*)'@'([^']*)'$/s.exec(grantee);
  if (match) return { user: match[1] as string, host: match[2] as string };
  return { user: grantee.replace(/^'(.*)'$/s, "$1"), host: "" };
}

/**
 * Adds everyone to whom a role among `privileged` was granted, through any number of roles. Roles themselves are
 * removed.
 */
export function withRoles(
  privileged: readonly Account[],
  mapping: readonly { Host: string; User: string; Role: string }[],
): Account[] {
  const key = (account: Account) => JSON.stringify([account.user, account.host]);
  const found = new Map(privileged.map((account) => [key(account), account]));
  for (let size = -1; size !== found.size; ) {
    size = found.size;
    for (const { Host, User, Role } of mapping) {
      const account = { user: User, host: Host };
      if (found.has(key({ user: Role, host: "" }))) found.set(key(account), account);
    }
  }
  return [...found.values()].filter((account) => account.host !== "");
}
