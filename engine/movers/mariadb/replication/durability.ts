import { readCheckpoint, writeCheckpoint } from "../../../control/mariadb/checkpoint";
import { readRole } from "../../../control/mariadb/role";
import { hasControlSchema } from "../../../control/mariadb/schema";
import { WikiferryError } from "../../../errors";
import type { DatabaseSide } from "../../../move";
import type { ReplicatedServer, Server } from "../../../runtime/mariadb/server";
import { contains, parseGtid } from "./gtid";
import type { Positions } from "./status";

/**
 * How durable a server's commits are. `relaxed`: the log is written at each commit and flushed once a second
 * (`innodb_flush_log_at_trx_commit = 2`, `sync_binlog = 0`), which saves a replica two flushes per transaction while it
 * catches up. A power failure may then lose its newest transactions, which the source still has; a crash of the server
 * alone loses none. https://mariadb.com/kb/en/innodb-system-variables/#innodb_flush_log_at_trx_commit
 */
export type Durability = "relaxed" | "full";

const checkpoint = "durability";
const settings: Record<Durability, { flush: number; sync: number }> = {
  relaxed: { flush: 2, sync: 0 },
  full: { flush: 1, sync: 1 },
};

/** The current setting. Never writes. */
export async function readDurability(server: Server): Promise<Durability> {
  const row = await server.row<{ flush: string | number; sync: string | number }>(
    "SELECT @@GLOBAL.innodb_flush_log_at_trx_commit AS flush, @@GLOBAL.sync_binlog AS sync",
  );
  return Number(row?.flush) === 1 && Number(row?.sync) === 1 ? "full" : "relaxed";
}

/**
 * Relaxes a replica that has never been the primary. Any other server stays as it is, because what it wrote itself
 * exists nowhere else. The mark is on disk first, so that `mendHardStop` knows of it.
 * @returns what holds now
 */
export async function relaxDurability(replica: ReplicatedServer): Promise<Durability> {
  if (!(await neverPrimary(replica))) return readDurability(replica);
  await writeCheckpoint(replica, checkpoint, { state: "relaxed" });
  await set(replica, "relaxed");
  return "relaxed";
}

/**
 * From now on an acknowledged commit is on disk, and so is everything before it. Does nothing where that holds.
 * @throws `REPL_DURABILITY` if the server does not accept the settings
 */
export async function restoreDurability(server: ReplicatedServer): Promise<void> {
  const marked = (await markOf(server)) === "relaxed";
  if ((await readDurability(server)) !== "full") await set(server, "full");
  if (marked) {
    const session = await server.sessionWithoutBinlog();
    await session.run("FLUSH NO_WRITE_TO_BINLOG ENGINE LOGS");
    await session.run("FLUSH NO_WRITE_TO_BINLOG BINARY LOGS");
  }
  if ((await readDurability(server)) !== "full") {
    throw new WikiferryError(
      "REPL_DURABILITY",
      `${server.side} does not keep sync_binlog = 1 and innodb_flush_log_at_trx_commit = 1`,
      "Something else sets them there: find it, then run again",
    );
  }
  if (marked) await writeCheckpoint(server, checkpoint, { state: "full" });
}

/**
 * Whether a replica's binary log and its tables end at different transactions, because the power failed under relaxed
 * durability. Never writes.
 */
export async function wasHardStopped(replica: ReplicatedServer, here: Positions): Promise<boolean> {
  if (!logIsApart(here) || (await markOf(replica)) !== "relaxed") return false;
  return !endsWithOwn(here.binlog, replica) && (await neverPrimary(replica));
}

/**
 * After such a stop the tables count, because `gtid_slave_pos` is one of them. The log, which holds only the source's
 * transactions, is started again. Otherwise the stream would stop at numbers that the log already has, or continue
 * after transactions that the tables lost. Call it while the replica does not follow.
 * @returns whether the log was started again
 */
export async function mendHardStop(replica: ReplicatedServer, here: Positions): Promise<boolean> {
  if (!(await wasHardStopped(replica, here))) return false;
  const session = await replica.sessionWithoutBinlog();
  await session.run("RESET MASTER");
  return true;
}

/** Whether the log ends at a different transaction than the tables. Pure. */
export function logIsApart({ binlog, applied }: Positions): boolean {
  return binlog !== "" && !(contains(binlog, applied) && contains(applied, binlog));
}

/** Whether the last transaction of a log was written on its own server. Pure. */
export function endsWithOwn(binlog: string, { place }: { place: Pick<DatabaseSide, "serverId"> }): boolean {
  return [...parseGtid(binlog).values()].some(({ server }) => server === place.serverId);
}

async function set(server: Server, wanted: Durability): Promise<void> {
  const { flush, sync } = settings[wanted];
  const session = await server.sessionWithoutBinlog();
  await session.run(`SET GLOBAL innodb_flush_log_at_trx_commit = ${flush}, sync_binlog = ${sync}`);
}

async function markOf(server: Server): Promise<string | undefined> {
  if (!(await hasControlSchema(server))) return undefined;
  return (await readCheckpoint(server, checkpoint))?.state;
}

/** Whether a server has only ever followed, by its own record. Never writes. */
export async function neverPrimary(server: Server): Promise<boolean> {
  const role = await readRole(server);
  return role !== undefined && role.epoch === 0 && role.role !== server.side;
}
