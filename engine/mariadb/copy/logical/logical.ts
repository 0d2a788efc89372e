import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { WikiferryError } from "../../../errors";
import { deriveSecret } from "../../../secrets";
import { readCheckpoint, writeCheckpoint } from "../../control/checkpoint";
import { changeMaster, stopFollowing } from "../../replication/follow";
import { contains } from "../../replication/gtid";
import { positions, replicationStatus } from "../../replication/status";
import type { Server } from "../../server";
import type { CopyContext, CopyResult } from "../copy";
import { DumpMeter, startDump, sweepDumps } from "../dump";
import { load, sweepLoads } from "../load";
import type { CopyMethod } from "../method";
import { CopyProgress } from "../progress";

type Loaded = CopyResult & { endGtid?: string };

const checkpoint = "copy";

/**
 * A dump of one snapshot streams through the tool into green, which then stands at the snapshot's position and can
 * follow. After a kill it begins anew.
 *
 * Tables without transactions are not part of the snapshot: they are dumped as they are at some later moment. What
 * they got in between is in the stream as well, so green first follows up to the position at the dump's end with
 * `slave_exec_mode = IDEMPOTENT`, by which a row that is there already is overwritten and one that is gone already
 * stays gone; full row images make that converge for tables with a unique key. After it, the mode is STRICT for good.
 * https://mariadb.com/kb/en/replication-and-binary-log-system-variables/#slave_exec_mode
 */
export const logical: CopyMethod = {
  name: "logical",
  async copy(ctx) {
    const found = await readCheckpoint(ctx.green, checkpoint);
    const before =
      found?.state === "loaded"
        ? { ...(found.detail as unknown as Loaded), gtid: found.gtid }
        : await dumpAndLoad(ctx);
    if (before.converged.length > 0) await converge(ctx, before);
    const { gtid, bytes, rows, copyMs, converged } = before;
    return { gtid, bytes, rows, copyMs, converged };
  },
};

async function dumpAndLoad(ctx: CopyContext): Promise<Loaded> {
  const { blue, green, spec, secrets, pool, report } = ctx;
  const { database } = spec.wiki;
  const ssh = await pool.to(spec.blue.database.ssh);
  await sweepDumps(ssh);
  await sweepLoads(green);
  await stopFollowing(green);
  await writeCheckpoint(green, checkpoint, { state: "copying" });
  const size = await sizeOf(blue, database);
  await recreate(blue, green, database);

  // A binary log that was just switched on on a quiet wiki names no position yet; one logged beat gives it the first.
  await blue.run("UPDATE wikiferry.heartbeat SET beat = beat + 1, beat_at = UTC_TIMESTAMP(6) WHERE id = 1");
  const started = performance.now();
  const progress = new CopyProgress(size.bytes, report);
  const meter = new DumpMeter((bytes) => progress.at(bytes));
  const dump = await startDump(ssh, spec.blue.database, secrets.blueAdminPassword, database);
  // Each member's failure is seen: of the dump by its exit code, of the load by its own, of the pipe by its error.
  const piping = pipeline(dump.channel, meter);
  piping.catch(() => {});
  const loading = load(spec.green.database, database, meter, pool).catch((error) => {
    dump.stop();
    meter.destroy();
    throw error;
  });
  // A channel that was broken off never says that it is closed, and the pipe would wait for it.
  const carried = Promise.race([piping, loading.then(() => piping)]);
  const [pipe, loadResult, dumpResult] = await Promise.allSettled([carried, loading, dump.succeeded()]);
  // A load that failed makes the others fail as well, and a dump that failed may leave the load content.
  const failed = [loadResult, dumpResult, pipe].find((outcome) => outcome.status === "rejected");
  if (failed) {
    await sweepDumps(ssh).catch(() => {});
    throw failed.reason;
  }
  if (!meter.complete) {
    throw new WikiferryError(
      "COPY_DUMP_FAILED",
      "mariadb-dump on blue ended before the end of the database",
      "The next `pulumi up` copies anew",
    );
  }
  const copyMs = performance.now() - started;
  const endGtid = (await positions(blue)).binlog;
  await disableEvents(green, database);

  // What was logged on green up to now, such as an account made there, is no part of the stream that it will write.
  const session = await green.unlogged();
  await session.run("RESET MASTER");
  await session.run("SET GLOBAL gtid_slave_pos = ?", [meter.gtid]);
  const converged = await tablesOutsideSnapshot(blue, database);
  const loaded: Loaded = {
    gtid: meter.gtid,
    bytes: meter.bytes,
    rows: size.rows,
    copyMs: Math.round(copyMs),
    converged,
    endGtid,
  };
  await writeCheckpoint(green, checkpoint, { state: "loaded", gtid: loaded.gtid, detail: { ...loaded } });
  return loaded;
}

/** An empty database on green, made as blue's is. */
async function recreate(blue: Server, green: Server, database: string): Promise<void> {
  const made = await blue.row<Record<string, string>>("SHOW CREATE DATABASE ??", [database]);
  const session = await green.unlogged();
  await session.run("DROP DATABASE IF EXISTS ??", [database]);
  await session.run(String(made?.["Create Database"]));
}

/** Events of a replica would write beside the stream; CREATE EVENT that arrives by the stream is treated the same. */
async function disableEvents(green: Server, database: string): Promise<void> {
  const session = await green.unlogged();
  const events = await session.rows<{ name: string }>(
    "SELECT event_name AS name FROM information_schema.events WHERE event_schema = ?",
    [database],
  );
  for (const { name } of events) await session.run("ALTER EVENT ??.?? DISABLE ON SLAVE", [database, name]);
}

async function sizeOf(server: Server, database: string): Promise<{ rows: number; bytes: number }> {
  const row = await server.row<{ n: string | null; bytes: string | null }>(
    "SELECT SUM(table_rows) AS n, SUM(data_length) AS bytes FROM information_schema.tables WHERE table_schema = ?",
    [database],
  );
  return { rows: Number(row?.n ?? 0), bytes: Number(row?.bytes ?? 0) };
}

async function tablesOutsideSnapshot(server: Server, database: string): Promise<string[]> {
  const rows = await server.rows<{ name: string }>(
    `SELECT t.table_name AS name FROM information_schema.tables t
       LEFT JOIN information_schema.engines e ON e.engine = t.engine
      WHERE t.table_schema = ? AND t.table_type = 'BASE TABLE' AND COALESCE(e.transactions, 'NO') <> 'YES'
      ORDER BY t.table_name`,
    [database],
  );
  return rows.map((row) => row.name);
}

/** A stream that applies nothing for so long is given up. */
const standstillMs = 60_000;

/** Follows up to the position at the dump's end, in the mode that forgives what the dump has already. */
async function converge(ctx: CopyContext, loaded: Loaded): Promise<void> {
  const { blue, green, secrets, report } = ctx;
  const end = loaded.endGtid ?? loaded.gtid;
  const session = await green.unlogged();
  await stopFollowing(green);
  try {
    if (!contains((await positions(green)).applied, end)) {
      report({ step: "copy", message: `bringing ${loaded.converged.join(", ")} into line up to ${end}` });
      await changeMaster(green, blue, deriveSecret(secrets.masterSecret, "mariadb-replication"));
      await session.run("SET GLOBAL slave_exec_mode = 'IDEMPOTENT'");
      await session.run("START SLAVE UNTIL master_gtid_pos = ?", [end]);
      await untilApplied(green, end);
    }
  } finally {
    await stopFollowing(green);
    await session.run("SET GLOBAL slave_exec_mode = 'STRICT'");
  }
}

async function untilApplied(green: Server, end: string): Promise<void> {
  let newest = "";
  let newestAt = performance.now();
  for (;;) {
    // The status first: the receiving thread ends by itself once it has all up to `end`, the applying one after it.
    const status = await replicationStatus(green);
    const { applied } = await positions(green);
    if (contains(applied, end)) return;
    if (applied !== newest) {
      newest = applied;
      newestAt = performance.now();
    }
    const stopped = status !== undefined && (status.sqlError.number !== 0 || !status.sql);
    const refused = status !== undefined && status.io === "no" && status.ioError.number !== 0;
    // A long stream may take its time; one that stands still may not.
    if (stopped || refused || performance.now() > newestAt + standstillMs) {
      throw new WikiferryError(
        status?.cause ?? "REPL_STOPPED",
        `green did not follow blue up to ${end}, it stands at ${applied} (${status?.sqlError.message || status?.ioError.message || `no progress for ${standstillMs / 1000} s`})`,
        "See the reason, then run again",
      );
    }
    await sleep(50);
  }
}
