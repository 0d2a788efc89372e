import { WikiferryError } from "../../../../errors";
import type { Server } from "../../../../runtime/mariadb/server";
import { formatGtid, parseGtid } from "../../replication/gtid";
import { ownPlace, type Place, samePlace } from "../../snapshotPosition";
import { Wire } from "./wire/wire";

/** One state of blue's data. */
export interface SnapshotPosition {
  gtid: string;
  /** In the binary log. */
  file: string;
  position: number;
}

export interface Snapshot extends SnapshotPosition {
  /** Sessions that all read this state. */
  readers: Wire[];
  /** How long commits on blue had to wait, in milliseconds. */
  lockedMs: number;
}

/** Attempts without a lock: on a server without constant writes one of the first succeeds. */
const freeRounds = 30;
/** Timeout for the lock, in seconds, and so the longest that a commit can wait for it. */
const lockTimeoutSeconds = 1;
const lockedRounds = 10;

/**
 * Opens `count` sessions in transactions that read the same state. Each session's snapshot knows its position in the
 * binary log (`Binlog_snapshot_*`, https://mariadb.com/kb/en/start-transaction/); they are reopened until all name the
 * same one. Where blue is written to without a pause, commits are blocked for the moment that this takes (BACKUP STAGE
 * BLOCK_COMMIT), which waits for nobody's statement longer than a second.
 * @throws `COPY_NO_SNAPSHOT`, `COPY_NO_POSITION`
 */
export async function openSnapshot(blue: Server, count: number): Promise<Snapshot> {
  const readers: Wire[] = [];
  try {
    for (let n = 0; n < count; n++) readers.push(await openReader(blue));
    const first = await openCommon(blue, readers);
    const found = first && (await named(blue, readers, first));
    if (found) return found;
    if (first) {
      // The server searches for a position from the beginning of the file, and gives up at an event larger than its
      // maximum packet. In a fresh file there is none before it.
      await blue.run("FLUSH NO_WRITE_TO_BINLOG BINARY LOGS");
      const again = await openCommon(blue, readers);
      const snapshot = again && (await named(blue, readers, again));
      if (snapshot) return snapshot;
      throw new WikiferryError(
        "COPY_NO_POSITION",
        `blue's snapshot at ${first.file || "no binary log"}:${first.position} has no GTID`,
        "See that blue's binary log is on (SHOW MASTER STATUS), then run again",
      );
    }
    throw new WikiferryError(
      "COPY_NO_SNAPSHOT",
      `${count} sessions on blue did not get the same state of its data, nor a lock within ${lockTimeoutSeconds} s`,
      "Run again when no long statement, backup or ALTER TABLE runs on blue",
    );
  } catch (error) {
    for (const reader of readers) reader.destroy();
    throw error;
  }
}

async function openReader(blue: Server): Promise<Wire> {
  const wire = await Wire.open(blue);
  const settings = [
    "sql_mode = ''",
    "time_zone = '+00:00'",
    "net_write_timeout = 86400",
    "wait_timeout = 86400",
    "lock_wait_timeout = 60",
    "max_statement_time = 0",
    "idle_transaction_timeout = 0",
    "idle_readonly_transaction_timeout = 0",
    "query_cache_type = OFF",
  ];
  await wire.run("SET NAMES binary");
  // With the binary log on, the server keeps a table's lock until the transaction ends, savepoint or not (10.11).
  await wire.run("SET SESSION sql_log_bin = 0");
  await wire.run(`SET SESSION ${settings.join(", ")}`);
  await wire.run("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ");
  return wire;
}

async function freeze(readers: readonly Wire[]): Promise<void> {
  await Promise.all(readers.map((reader) => reader.run("START TRANSACTION WITH CONSISTENT SNAPSHOT")));
}

/** Undefined where their snapshots have no common position. */
async function commonPlace(readers: readonly Wire[]): Promise<Place | undefined> {
  let common: Place | undefined;
  for (const reader of readers) {
    const place = await ownPlace((query, times) =>
      Promise.all(Array.from({ length: times }, () => reader.rows(query))),
    );
    if (!place || (common && !samePlace(place, common))) return undefined;
    common = place;
  }
  return common;
}

/**
 * Runs it while nothing is committed on blue. Returns how long that was, in milliseconds; undefined without the lock.
 */
async function freezeLocked(blue: Server, readers: readonly Wire[]): Promise<number | undefined> {
  const lock = await blue.open();
  try {
    await lock.run(`SET SESSION lock_wait_timeout = ${lockTimeoutSeconds}`);
    await lock.run("BACKUP STAGE START");
    const start = performance.now();
    // Whatever happens to the others, nobody on blue waits longer.
    const guard = setTimeout(() => lock.destroy(), lockTimeoutSeconds * 1000);
    try {
      await lock.run("BACKUP STAGE BLOCK_COMMIT");
      await freeze(readers);
      await lock.run("BACKUP STAGE END");
      return performance.now() - start;
    } finally {
      clearTimeout(guard);
    }
  } catch {
    return undefined;
  } finally {
    lock.destroy();
  }
}

async function openCommon(
  blue: Server,
  readers: readonly Wire[],
): Promise<(Place & { lockedMs: number }) | undefined> {
  for (let round = 0; round < freeRounds; round++) {
    await freeze(readers);
    const common = await commonPlace(readers);
    if (common) return { ...common, lockedMs: 0 };
  }
  for (let round = 0; round < lockedRounds; round++) {
    const lockedMs = await freezeLocked(blue, readers);
    if (lockedMs === undefined) continue;
    const common = await commonPlace(readers);
    if (common) return { ...common, lockedMs };
  }
  return undefined;
}

async function named(
  blue: Server,
  readers: Wire[],
  { file, position, lockedMs }: Place & { lockedMs: number },
): Promise<Snapshot | undefined> {
  const gtid = file && (await blue.value("SELECT BINLOG_GTID_POS(?, ?)", [file, position]));
  return gtid ? { file, position, lockedMs, gtid: formatGtid(parseGtid(gtid)), readers } : undefined;
}
