import { setTimeout as sleep } from "node:timers/promises";
import { block, type Finding, pass, warn } from "../../../../finding";
import type { Server } from "../../../../runtime/mariadb/server";
import { type FlipQuestion, type Guardrail, list } from "./guardrail";

/** What is under way on either side that would delay the fence or the replica. */
export const work: Guardrail = async (question) => {
  const found = await Promise.all(
    [question.primary, question.replica].map((server) => workOn(server, question)),
  );
  return (["transaction", "ddl", "lock", "backup", "dump", "xa"] as const).map((kind) => {
    const findings = found.map((side) => side[kind]);
    return findings.find(({ severity }) => severity !== "pass") ?? (findings[0] as Finding);
  });
};

async function workOn(server: Server, { limits }: FlipQuestion) {
  const statements = await statementsOf(server);
  return {
    transaction: await longTransaction(server, limits.longTransactionMs),
    ddl: await schemaChange(server, statements),
    lock: await tableLock(server),
    backup: await backup(server),
    dump: dump(server, statements),
    xa: await preparedTransaction(server),
  };
}

interface Statement {
  id: string;
  user: string;
  state: string;
  text: string;
}

async function statementsOf(server: Server): Promise<Statement[]> {
  return await server.rows<Statement & Record<string, string>>(
    `SELECT id, user, IFNULL(state, '') AS state, IFNULL(LEFT(info, 500), '') AS text
       FROM information_schema.processlist WHERE id <> CONNECTION_ID() AND command <> 'Sleep'`,
  );
}

/** InnoDB reports when a transaction began by the clock of its host, whatever the session's time zone. */
const hostNow = "CONVERT_TZ(UTC_TIMESTAMP(6), '+00:00', 'SYSTEM')";

async function longTransaction(server: Server, limitMs: number): Promise<Finding> {
  const code = "WORK_LONG_TRANSACTION";
  const longest = await server.row<{ id: string; user: string; seconds: string }>(
    `SELECT t.trx_mysql_thread_id AS id, p.user, TIMESTAMPDIFF(SECOND, t.trx_started, ${hostNow}) AS seconds
       FROM information_schema.innodb_trx t JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id
      WHERE t.trx_rows_modified > 0 AND p.user <> 'system user'
        AND t.trx_started < ${hostNow} - INTERVAL ? MICROSECOND
      ORDER BY t.trx_started LIMIT 1`,
    [limitMs * 1000],
  );
  if (!longest) return pass(code, `nobody has been writing for more than ${limitMs / 1000} s`);
  return block(
    code,
    `session ${longest.id} of ${longest.user} on ${server.side} has been writing for ${longest.seconds} s (limit ${limitMs / 1000} s)`,
    `Let it end, or KILL ${longest.id} there; then run again`,
  );
}

const changesSchema = /^\s*(ALTER|CREATE|DROP|RENAME|TRUNCATE|OPTIMIZE|REPAIR|LOCK|BACKUP|FLUSH)\s/i;
const waitsForSchema = /^Waiting for (table metadata|schema metadata|global read|backup) lock/;

/** Interval between two looks, in milliseconds. What lasts for less does not delay the fence. */
const againMs = 100;

/** What was present at a first look and at a second one. The second look happens only if the first found something. */
async function atTwoLooks<T>(
  first: readonly T[],
  again: () => Promise<readonly T[]>,
  keyOf: (one: T) => string,
): Promise<T[]> {
  if (first.length === 0) return [];
  await sleep(againMs);
  const before = first.map(keyOf);
  return (await again()).filter((one) => before.includes(keyOf(one)));
}

/** Schema changes, and whoever waits for one, at two looks. */
async function schemaChange(server: Server, statements: readonly Statement[]): Promise<Finding> {
  const isOne = ({ text, state }: Statement) => changesSchema.test(text) || waitsForSchema.test(state);
  const again = async () => (await statementsOf(server)).filter(isOne);
  const [found] = await atTwoLooks(statements.filter(isOne), again, ({ id }) => id);
  if (!found) return pass("WORK_DDL", "no change of the schema is under way");
  return block(
    "WORK_DDL",
    `session ${found.id} of ${found.user} on ${server.side} is at \`${found.text.slice(0, 80)}\` (${found.state})`,
    "Let it end, then run again",
  );
}

/**
 * Finds LOCK TABLES, also of an idle session: read_only waits behind it, and so does the stream. Any statement uses its
 * tables for a moment; a lock differs in that a write to the table can't even start. The attempt selects no row and
 * waits for nothing, and whoever only reads and writes rows does not notice it. A search in a table without row locks
 * that ends before the statements are listed looks like a lock too, so a lock must be present at two looks.
 */
async function tableLock(server: Server): Promise<Finding> {
  const look = () => lockedTables(server);
  const locked = await atTwoLooks(await look(), look, (table) => table);
  if (locked.length === 0) return pass("WORK_TABLE_LOCK", "no table is locked");
  return block(
    "WORK_TABLE_LOCK",
    `a session on ${server.side} holds ${list(locked)} locked (LOCK TABLES, or a change of the table)`,
    "Let it end, such as a backup, then run again",
  );
}

async function lockedTables(server: Server): Promise<string[]> {
  const used = await server.rows<{ Database: string; Table: string }>("SHOW OPEN TABLES WHERE In_use > 0");
  const locked: string[] = [];
  for (const { Database: database, Table: table } of used) {
    // Every session uses these for a moment, and they have no row locks.
    if (database === "mysql") continue;
    const free = await atOnce(
      server,
      "SET STATEMENT lock_wait_timeout = 0 FOR SELECT 1 FROM ??.?? LIMIT 0 FOR UPDATE",
      [database, table],
    );
    if (!free && !(await readAsAWhole(server, database, table))) locked.push(`${database}.${table}`);
  }
  return locked;
}

/** Without row locks (MyISAM, Aria) any running statement, such as a search, blocks writes to its table. */
async function readAsAWhole(server: Server, database: string, table: string): Promise<boolean> {
  const statements = await statementsOf(server);
  if (!statements.some(({ text }) => text.includes(table))) return false;
  const transactions = await server.value(
    `SELECT e.transactions FROM information_schema.tables t JOIN information_schema.engines e ON e.engine = t.engine
      WHERE t.table_schema = ? AND t.table_name = ?`,
    [database, table],
  );
  return transactions !== "YES";
}

/**
 * Finds FLUSH TABLES WITH READ LOCK, and the stages of a backup that block commits or schema changes: no schema change
 * can start under them. The one that is tried, without waiting and without the binary log, names a table that does not
 * exist. Until its last stages mariadb-backup blocks nothing and is not detected.
 * https://mariadb.com/kb/en/backup-stage/
 */
async function backup(server: Server): Promise<Finding> {
  const own = await server.sessionWithoutBinlog();
  const free = await atOnce(
    own,
    "SET STATEMENT lock_wait_timeout = 0 FOR DROP TABLE IF EXISTS wikiferry.no_such_table",
  );
  if (free) return pass("WORK_BACKUP", "no backup holds either server");
  return block(
    "WORK_BACKUP",
    `a session on ${server.side} holds the whole server (FLUSH TABLES WITH READ LOCK, or a stage of a backup)`,
    "Let the backup end, or end it; then run again",
  );
}

/** Whether a statement got its locks without waiting. A table that is gone by now is not locked. */
async function atOnce(
  on: { rows(sql: string, values?: unknown[]): Promise<unknown> },
  sql: string,
  values?: unknown[],
): Promise<boolean> {
  try {
    await on.rows(sql, values);
    return true;
  } catch (error) {
    // ER_LOCK_WAIT_TIMEOUT
    return (error as { errno?: number }).errno !== 1205;
  }
}

/** mariadb-dump marks its reads. It blocks nothing by itself, but slows the flip. */
function dump(server: Server, statements: readonly Statement[]): Finding {
  const found = statements.find(({ text }) => /^SELECT \/\*!40001 SQL_NO_CACHE \*\//.test(text));
  if (!found) return pass("WORK_DUMP", "no dump is under way");
  return warn(
    "WORK_DUMP",
    `session ${found.id} of ${found.user} on ${server.side} dumps a table (\`${found.text.slice(0, 80)}\`)`,
    "Better let it end first: it reads all of the disk while edits wait",
  );
}

/** A prepared XA transaction keeps its row locks, also across a restart, and belongs to no session. */
async function preparedTransaction(server: Server): Promise<Finding> {
  const prepared = await server.rows<{ data: string }>("XA RECOVER");
  if (prepared.length === 0) return pass("WORK_XA", "no XA transaction is prepared");
  const names = prepared.map((row) => row.data);
  return block(
    "WORK_XA",
    `${server.side} has ${prepared.length} prepared XA transaction${prepared.length === 1 ? "" : "s"} (${list(names)})`,
    `Ask its coordinator, or XA COMMIT '${names[0]}' or XA ROLLBACK '${names[0]}' on ${server.side}`,
  );
}
