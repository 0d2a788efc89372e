import { setTimeout as sleep } from "node:timers/promises";
import type { CutoverLimits } from "../../move";
import type { Finding } from "../../mover";
import { accountsOf, accountsPastReadOnly } from "../accounts/accounts";
import { readVariables } from "../adopt/adopt";
import { keptSeconds, rollbackWindowSeconds } from "../adopt/changes";
import { errant, newest } from "../replication/gtid";
import { positions, replicationStatus } from "../replication/status";
import type { Server } from "../server";
import { lastVerification } from "../verify/record";

export interface FlipQuestion {
  primary: Server;
  replica: Server;
  /** The wiki's database account. */
  appUser: string;
  limits: Pick<CutoverLimits, "longTransactionMs" | "verificationMaxAgeMs">;
}

/** What forbids a flip now. Never writes. */
export async function flipBlockers(question: FlipQuestion): Promise<Finding[]> {
  const findings = await Promise.all([
    streamBroken(question),
    shortRetention(question),
    errantTransaction(question),
    staleVerification(question),
    longTransaction(question),
    schemaWork(question),
    lockedTables(question),
    appPastReadOnly(question),
  ]);
  return findings.filter((finding) => finding !== undefined);
}

function block(code: string, found: string, wayOut: string): Finding {
  return { code, severity: "block", found, wayOut };
}

async function streamBroken({ primary, replica }: FlipQuestion): Promise<Finding | undefined> {
  const status = await replicationStatus(replica);
  if (status?.io === "yes" && status.sql) {
    if (status.filters.length === 0) return undefined;
    return block(
      "REPL_FILTERED",
      `${replica.side} leaves out a part of the stream (${status.filters.join(", ")})`,
      `Take the filters out of ${replica.side}'s settings, and copy anew: what they left out is missing`,
    );
  }
  const reason = status
    ? status.sqlError.message || status.ioError.message || "a thread is stopped"
    : "it follows nobody";
  return block(
    status?.cause ?? "REPL_STOPPED",
    `${replica.side} does not follow ${primary.side} (${reason})`,
    "Run `pulumi up --refresh`, which makes it follow again or says why it can't",
  );
}

async function errantTransaction({ primary, replica }: FlipQuestion): Promise<Finding | undefined> {
  // The replica first: what the primary gets in between is no fault.
  const there = await positions(replica);
  const here = await positions(primary);
  const stray = errant(newest(here.binlog, here.applied), there.binlog);
  if (stray === undefined) return undefined;
  return block(
    "REPL_ERRANT_GTID",
    `${replica.side} has transactions up to ${stray} that ${primary.side} (${here.binlog}) does not have`,
    `Something wrote on ${replica.side}: see its binary log for what, carry it over by hand, and copy anew`,
  );
}

async function staleVerification({ replica, limits }: FlipQuestion): Promise<Finding | undefined> {
  const last = await lastVerification(replica);
  const wayOut = "Run `pulumi up --refresh`, which compares them anew";
  if (!last) return block("VERIFY_MISSING", "the two databases have never been compared", wayOut);
  if (!last.ok)
    return block("VERIFY_MISMATCH", "the last comparison of the two databases found differences", wayOut);
  if (last.ageMs <= limits.verificationMaxAgeMs) return undefined;
  return block(
    "VERIFY_STALE",
    `the last comparison is ${Math.round(last.ageMs / 60_000)} min old (limit ${Math.round(limits.verificationMaxAgeMs / 60_000)} min)`,
    wayOut,
  );
}

async function longTransaction({ primary, limits }: FlipQuestion): Promise<Finding | undefined> {
  const longest = await primary.row<{ id: string; user: string; seconds: string }>(
    `SELECT t.trx_mysql_thread_id AS id, p.user, TIMESTAMPDIFF(SECOND, t.trx_started, NOW()) AS seconds
       FROM information_schema.innodb_trx t JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id
      WHERE t.trx_rows_modified > 0 AND t.trx_started < NOW() - INTERVAL ? MICROSECOND
      ORDER BY t.trx_started LIMIT 1`,
    [limits.longTransactionMs * 1000],
  );
  if (!longest) return undefined;
  return block(
    "WORK_LONG_TRANSACTION",
    `session ${longest.id} of ${longest.user} on ${primary.side} has been writing for ${longest.seconds} s (limit ${limits.longTransactionMs / 1000} s)`,
    `Let it end, or KILL ${longest.id} there; then run again`,
  );
}

/** Changes of the schema, backups and table locks make the fence wait, or the replica fall behind. */
async function schemaWork({ primary }: FlipQuestion): Promise<Finding | undefined> {
  const working = await primary.row<{ id: string; user: string; info: string | null; state: string | null }>(
    `SELECT id, user, LEFT(info, 80) AS info, state FROM information_schema.processlist
      WHERE id <> CONNECTION_ID() AND command <> 'Sleep' AND (
        info REGEXP '^[[:space:]]*(ALTER|CREATE|DROP|RENAME|TRUNCATE|OPTIMIZE|REPAIR|LOCK|BACKUP|FLUSH)[[:space:]]'
        OR state REGEXP '^Waiting for (table metadata|schema metadata|global read|backup) lock')
      LIMIT 1`,
  );
  if (!working) return undefined;
  return block(
    "WORK_DDL",
    `session ${working.id} of ${working.user} on ${primary.side} is at \`${working.info ?? ""}\` (${working.state ?? ""})`,
    "Let it end, then run again",
  );
}

/** Either side's: after a flip the way back needs the new primary's log as well. */
async function shortRetention({ primary, replica }: FlipQuestion): Promise<Finding | undefined> {
  for (const server of [primary, replica]) {
    const seconds = keptSeconds(await readVariables(server));
    if (seconds === 0 || seconds >= rollbackWindowSeconds) continue;
    return block(
      "BINLOG_RETENTION",
      `${server.side} keeps its binary log for ${Math.round(seconds / 3600)} h, wanted ${rollbackWindowSeconds / 3600} h`,
      `SET GLOBAL binlog_expire_logs_seconds = ${rollbackWindowSeconds} there, and in its settings: else there is no way back after that time`,
    );
  }
  return undefined;
}

/** How often, and how far apart, tables in use are looked at. */
const looks = 15;
const lookEveryMs = 30;

/**
 * LOCK TABLES of an idle session, behind which read_only would wait. Any statement has its tables in use for a moment,
 * so only a table that is in use at each of many looks counts, and only if at one of them no statement ran before or
 * after. Where statements never pause, that can't be told; then the fence's own lock_wait_timeout ends the attempt.
 */
async function lockedTables({ primary }: FlipQuestion): Promise<Finding | undefined> {
  let held: string[] | undefined;
  let quiet = false;
  for (let look = 0; look < looks; look++) {
    const before = await runningStatements(primary);
    const rows = await primary.rows<{ Database: string; Table: string }>("SHOW OPEN TABLES WHERE In_use > 0");
    const inUse = rows.map((row) => `${row.Database}.${row.Table}`);
    held = held === undefined ? inUse : held.filter((table) => inUse.includes(table));
    if (held.length === 0) return undefined;
    quiet ||= before === 0 && (await runningStatements(primary)) === 0;
    await sleep(lookEveryMs);
  }
  if (!quiet || held === undefined) return undefined;
  return block(
    "WORK_TABLE_LOCK",
    `a session on ${primary.side} holds ${held.join(", ")} locked (LOCK TABLES)`,
    "Let it end, such as a backup, then run again",
  );
}

async function runningStatements(server: Server): Promise<number> {
  const count = await server.value(
    `SELECT COUNT(*) FROM information_schema.processlist
      WHERE id <> CONNECTION_ID() AND command IN ('Query', 'Execute') AND user <> 'system user'`,
  );
  return Number(count);
}

async function appPastReadOnly({ primary, appUser }: FlipQuestion): Promise<Finding | undefined> {
  const past = await accountsPastReadOnly(primary);
  const own = await accountsOf(primary, appUser);
  const both = own.find((account) =>
    past.some((other) => other.user === account.user && other.host === account.host),
  );
  if (!both) return undefined;
  return block(
    "RIGHTS_READ_ONLY_ADMIN",
    `${both.user}@${both.host} on ${primary.side} may write past read_only`,
    `Take SUPER and READ ONLY ADMIN from it: the fence would not hold it`,
  );
}
