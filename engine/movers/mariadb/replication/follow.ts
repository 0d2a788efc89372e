import { WikiferryError } from "../../../errors";
import type { ReplicatedServer, Server, Session, SourceServer } from "../../../runtime/mariadb/server";
import { runGuarded } from "../fencing/guardedStatement";
import { underALease } from "../fencing/statements";
import { describeStop, wayOuts } from "./causes";
import { endsWithOwn, mendHardStop, neverPrimary, wasHardStopped } from "./durability";
import { contains, errant, newest, samePosition } from "./gtid";
import { goOnFrom } from "./position";
import { positions, type ReplicationStatus, replicationStatus } from "./status";

/** ER_GTID_STRICT_OUT_OF_ORDER: the server has another transaction under that number, or a higher one. */
export const outOfOrder = 1950;

/** What a replica needs to trust its source. */
export interface FollowTls {
  /**
   * Path of the CA's certificate on the replica's host. Defaults to the CA of the replica's own certificate (`ssl_ca`).
   */
  caFile?: string;
}

/** The account with which each side follows the other. */
export const replicationUser = "wikiferry_repl";

export interface FollowOptions {
  /** How long both threads may take to run, in milliseconds. Defaults to 10,000. */
  timeoutMs?: number;
  /**
   * The holder whose lease on the replica must be live for the replica to accept the statements. Without a holder, no
   * lease is required.
   */
  leaseHolder?: string;
}

/** Whether `status` shows that the server follows `source` as `follow` sets it up, with both threads running. */
export function isFollowing(
  status: ReplicationStatus | undefined,
  source: { host: string; port: number },
): boolean {
  return (
    status !== undefined &&
    status.sourceHost === source.host &&
    status.sourcePort === source.port &&
    status.sourceUser === replicationUser &&
    status.usingGtid === "Slave_Pos" &&
    status.tls &&
    status.verifiesCertificate &&
    status.until === "None" &&
    status.io === "yes" &&
    status.sql
  );
}

/**
 * Makes `replica` follow `source` by GTID over TLS, from its own last transaction on, and returns when both threads
 * run. A healthy stream from that source is left alone. A former primary continues from the end of its own binary log;
 * a transaction there that the source lacks is refused before anything is changed.
 * @throws `REPL_ERRANT_GTID`, or the cause why a thread does not run (`REPL_*`)
 */
export async function follow(
  replica: ReplicatedServer,
  source: SourceServer,
  replicationPassword: string,
  tls: FollowTls = {},
  options: FollowOptions = {},
): Promise<ReplicationStatus> {
  const { host, port } = source.place.replication;
  const before = await replicationStatus(replica);
  if (before && isFollowing(before, source.place.replication)) return before;

  const here = await positions(replica);
  const there = await positions(source);
  const stray =
    errant(newest(there.binlog, there.applied), here.binlog) ?? (await ownWriting(replica, here.binlog));
  if (stray !== undefined) {
    throw new WikiferryError(
      "REPL_ERRANT_GTID",
      `${replica.side} has transactions up to ${stray} that ${source.side} (${there.binlog || "empty"}) does not have`,
      `Something wrote on ${replica.side} while it was not the primary: find it in its binary log, apply it on the other side by hand, and copy again (npm run copy:again)`,
    );
  }

  if (
    before?.sqlError.number === outOfOrder &&
    !samePosition(newest(here.applied, here.binlog), here.applied) &&
    !(await wasHardStopped(replica, here))
  ) {
    throw new WikiferryError(
      "REPL_ERRANT_GTID",
      `${replica.side} stopped at a transaction that ${source.side} wrote while it was not the primary (${before.sqlError.message}), and would continue after it`,
      `Find it in ${source.side}'s binary log, and copy again (npm run copy:again) to ${replica.side}`,
    );
  }

  const session = await replica.sessionWithoutBinlog();
  const { leaseHolder } = options;
  await order(session, leaseHolder, "STOP SLAVE");
  let stopped = await positions(replica);
  if (await mendHardStop(replica, stopped)) stopped = { ...stopped, binlog: "" };
  const start = newest(stopped.applied, stopped.binlog);
  if (!samePosition(start, stopped.applied)) await goOnFrom(session, start, leaseHolder);
  await changeMaster(replica, source, replicationPassword, tls, leaseHolder);
  // A killed copy may have left the lenient mode behind.
  await session.run("SET GLOBAL slave_exec_mode = 'STRICT'");
  await order(session, leaseHolder, "START SLAVE");
  // The transaction where it stopped is tried again: the thread runs only once that is done.
  const stuckAt = before && before.sqlError.number !== 0 ? before.appliedGtid : undefined;
  return await untilRunning(replica, { host, port }, { timeoutMs: options.timeoutMs ?? 10_000, stuckAt });
}

/**
 * What a server that has only ever followed wrote itself. The source has other transactions under those numbers, so
 * continuing after them would skip the source's.
 */
async function ownWriting(replica: ReplicatedServer, binlog: string): Promise<string | undefined> {
  return endsWithOwn(binlog, replica) && (await neverPrimary(replica)) ? binlog : undefined;
}

/**
 * Points a stopped replica at its source. The password is stored in master.info and kept out of the general and slow
 * logs.
 */
export async function changeMaster(
  replica: Server,
  source: SourceServer,
  replicationPassword: string,
  tls: FollowTls = {},
  leaseHolder?: string,
): Promise<void> {
  const { host, port } = source.place.replication;
  const session = await replica.sessionWithoutBinlog();
  const caFile = tls.caFile ?? (await session.value("SELECT @@GLOBAL.ssl_ca"));
  if (!caFile) {
    throw new WikiferryError(
      "REPL_TLS",
      `${replica.side}'s MariaDB has no certificate of a CA (ssl_ca)`,
      "Run `pulumi up` in phase sync, which sets it",
    );
  }
  // In its own statement: log settings made inside a compound statement end with it.
  await session.run("SET SESSION sql_log_off = 1, slow_query_log = 0");
  await order(
    session,
    leaseHolder,
    `CHANGE MASTER TO MASTER_HOST = ?, MASTER_PORT = ?, MASTER_USER = ?, MASTER_PASSWORD = ?,
       MASTER_SSL = 1, MASTER_SSL_CA = ?, MASTER_SSL_VERIFY_SERVER_CERT = 1,
       MASTER_CONNECT_RETRY = 1, MASTER_HEARTBEAT_PERIOD = 2, MASTER_USE_GTID = slave_pos`,
    [host, port, replicationUser, replicationPassword, caFile],
  );
}

/** Runs a statement; with a holder, only while that holder's lease on the server is live. @throws `CTRL_REFUSED` */
export async function order(
  session: Session,
  leaseHolder: string | undefined,
  statement: string,
  values: unknown[] = [],
): Promise<void> {
  if (leaseHolder === undefined) await session.run(statement, values);
  else await runGuarded(session, underALease(statement), [leaseHolder, ...values]);
}

/**
 * How long both threads must have run, in milliseconds. Only once it receives does the source report that it lacks the
 * position.
 */
const steadyMs = 200;

async function untilRunning(
  replica: Server,
  source: { host: string; port: number },
  { timeoutMs, stuckAt }: { timeoutMs: number; stuckAt: string | undefined },
): Promise<ReplicationStatus> {
  const end = performance.now() + timeoutMs;
  let since: number | undefined;
  for (;;) {
    const status = await replicationStatus(replica);
    if (status && isFollowing(status, source)) {
      since ??= performance.now();
      const moved = stuckAt === undefined || !contains(stuckAt, status.appliedGtid);
      // A long schema change may take longer than anyone waits here. It is under way then.
      if (performance.now() - since >= steadyMs && (moved || performance.now() > end)) return status;
    } else since = undefined;
    // A source that is being restarted refuses connections for a moment. A thread that stopped stays stopped.
    const final = status !== undefined && (status.sqlError.number !== 0 || status.io === "no");
    if (final || (since === undefined && performance.now() > end)) throw notRunning(replica, source, status);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function notRunning(
  replica: Server,
  source: { host: string; port: number },
  status: ReplicationStatus | undefined,
): WikiferryError {
  const code = status?.cause ?? "REPL_STOPPED";
  return new WikiferryError(
    code,
    `${replica.side} does not follow ${source.host}:${source.port}: ${describeStop(status)}`,
    wayOuts[code],
  );
}

/**
 * Stops following for good and forgets the source. `gtid_slave_pos` stays. Does nothing on a server that follows
 * nobody.
 */
export async function stopFollowing(replica: Server, leaseHolder?: string): Promise<void> {
  const status = await replicationStatus(replica);
  if (!status) return;
  const session = await replica.sessionWithoutBinlog();
  await order(session, leaseHolder, "STOP SLAVE");
  await order(session, leaseHolder, "RESET SLAVE ALL");
}

/**
 * Waits until `server` has applied everything up to `gtid`.
 * @returns Whether it got there within `timeoutMs`.
 */
export async function waitForGtid(server: Server, gtid: string, timeoutMs: number): Promise<boolean> {
  if (gtid === "") return true;
  const session = await server.open();
  try {
    return await reaches(session, gtid, timeoutMs);
  } finally {
    session.destroy();
  }
}

/** Like `waitForGtid`, in an open session that nobody else can use meanwhile. */
export async function reaches(session: Session, gtid: string, timeoutMs: number): Promise<boolean> {
  return (await session.value("SELECT MASTER_GTID_WAIT(?, ?)", [gtid, timeoutMs / 1000])) === "0";
}
