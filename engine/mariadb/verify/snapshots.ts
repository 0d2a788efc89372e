import { WikiferryError } from "../../errors";
import { contains, samePosition } from "../replication/gtid";
import { positions, replicationStatus } from "../replication/status";
import type { Server, Session } from "../server";

/** Two sessions, each in a transaction that reads the same state of the data, named by `gtid`. */
export interface Snapshots {
  gtid: string;
  primary: Session;
  replica: Session;
  /** For how long the replica stood still to take its snapshot, in milliseconds. */
  stillMs: number;
}

/** How long the replica may take to reach the primary's snapshot, in milliseconds. */
const reachTimeoutMs = 60_000;

/**
 * Opens both snapshots without a lock on the primary: its snapshot knows its place in the binary log
 * (`Binlog_snapshot_*`, https://mariadb.com/kb/en/start-transaction/), the replica applies up to exactly there,
 * takes its own, and goes on. Whatever happens, the replica follows again when this returns or throws.
 * @throws `VERIFY_NO_SNAPSHOT` when the replica does not get there
 */
export async function openSnapshots(primary: Server, replica: Server): Promise<Snapshots> {
  const there = await freshSession(primary);
  const here = await freshSession(replica);
  const control = await replica.unlogged();
  const start = performance.now();
  try {
    await control.run("STOP SLAVE");
    await there.run("START TRANSACTION WITH CONSISTENT SNAPSHOT");
    const gtid = await snapshotGtid(there);
    await applyUpTo(replica, control, gtid);
    await here.run("START TRANSACTION WITH CONSISTENT SNAPSHOT");
    const applied = (await positions(replica)).applied;
    if (!samePosition(applied, gtid)) throw noSnapshot(replica, gtid, `it has applied up to ${applied}`);
    return { gtid, primary: there, replica: here, stillMs: performance.now() - start };
  } catch (error) {
    there.destroy();
    here.destroy();
    throw error;
  } finally {
    await control.run("STOP SLAVE");
    await control.run("START SLAVE");
  }
}

async function freshSession(server: Server): Promise<Session> {
  const session = await server.open();
  await session.run("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ");
  // The default waits a day for someone else's DDL.
  await session.run("SET SESSION lock_wait_timeout = 60, sql_mode = '', group_concat_max_len = 1048576");
  return session;
}

async function snapshotGtid(session: Session): Promise<string> {
  const status = await session.rows<{ Variable_name: string; Value: string }>(
    "SHOW STATUS LIKE 'binlog_snapshot_%'",
  );
  const of = (name: string) => status.find((row) => row.Variable_name.toLowerCase() === name)?.Value;
  return (
    (await session.value("SELECT BINLOG_GTID_POS(?, ?)", [
      of("binlog_snapshot_file"),
      Number(of("binlog_snapshot_position")),
    ])) ?? ""
  );
}

async function applyUpTo(replica: Server, control: Session, gtid: string): Promise<void> {
  // UNTIL a position that is reached already would let the threads run on.
  if (contains((await positions(replica)).applied, gtid)) return;
  await control.run("START SLAVE UNTIL master_gtid_pos = ?", [gtid]);
  const end = performance.now() + reachTimeoutMs;
  for (;;) {
    const status = await replicationStatus(replica);
    if (!status) throw noSnapshot(replica, gtid, "it follows no one");
    if (!status.sql) {
      if (status.sqlError.number === 0) return;
      throw noSnapshot(replica, gtid, status.sqlError.message);
    }
    if (status.io === "no" && status.ioError.number !== 0)
      throw noSnapshot(replica, gtid, status.ioError.message);
    if (performance.now() > end) throw noSnapshot(replica, gtid, `it is at ${status.appliedGtid}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function noSnapshot(replica: Server, gtid: string, found: string): WikiferryError {
  return new WikiferryError(
    "VERIFY_NO_SNAPSHOT",
    `${replica.side} did not reach ${gtid}, at which it is to be compared: ${found}`,
    "See why it does not follow (`npm run status`), then run again",
  );
}
