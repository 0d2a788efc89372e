import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { WikiferryError } from "../../errors";
import type { MoveSpec, Secrets } from "../../move";
import type { Report } from "../../progress";
import { deriveSecret } from "../../secrets";
import type { SshPool } from "../../ssh/pool";
import { readCheckpoint, writeCheckpoint } from "../control/checkpoint";
import { initRole, readRole } from "../control/role";
import { ensureControlSchema, hasControlSchema } from "../control/schema";
import { changeMaster, stopFollowing } from "../replication/follow";
import { contains } from "../replication/gtid";
import { positions, replicationStatus } from "../replication/status";
import type { Server } from "../server";
import { DumpMeter, startDump, sweepDumps } from "./dump";
import { load, sweepLoads } from "./load";
import { CopyProgress } from "./progress";

/** What a copy needs; a `Move` is one. */
export interface CopyContext {
  spec: MoveSpec;
  secrets: Secrets;
  pool: SshPool;
  blue: Server;
  green: Server;
  report: Report;
}

export interface CopyResult {
  /** Position of the snapshot. */
  gtid: string;
  /** Size of the dump. */
  bytes: number;
  /** Rows by blue's statistics, which are estimates. */
  rows: number;
  /** Duration of dump and load, in milliseconds. */
  copyMs: number;
  /** Tables that a snapshot does not cover (MyISAM, Aria), brought into line by the stream. */
  converged: string[];
}

/**
 * `none`, or one was begun; `loaded`: all rows are there, tables outside the snapshot not yet in line;
 * `copied`: finished, never repeated.
 */
export type CopyState = { state: "none" | "copying" } | ({ state: "loaded" | "copied" } & CopyResult);

const checkpoint = "copy";

/** How far the copy on green is. Never writes. */
export async function copyState(green: Server): Promise<CopyState> {
  if (!(await hasControlSchema(green))) return { state: "none" };
  const found = await readCheckpoint(green, checkpoint);
  if (!found) return { state: "none" };
  if (found.state === "copied" || found.state === "loaded") {
    return { state: found.state, ...(found.detail as unknown as CopyResult), gtid: found.gtid };
  }
  return { state: "copying" };
}

/**
 * Copies blue's database to green, once: a dump of one snapshot streams through the tool into green, which then
 * stands at the snapshot's position and can follow. After a kill it begins anew; a finished copy is left alone.
 *
 * Tables without transactions are not part of the snapshot: they are dumped as they are at some later moment. What
 * they got in between is in the stream as well, so green first follows up to the position at the dump's end with
 * `slave_exec_mode = IDEMPOTENT`, by which a row that is there already is overwritten and one that is gone already
 * stays gone; full row images make that converge for tables with a unique key. After it, the mode is STRICT for good.
 * https://mariadb.com/kb/en/replication-and-binary-log-system-variables/#slave_exec_mode
 * @throws `COPY_DIRECTION`, `GREEN_NOT_EMPTY`, `COPY_DUMP_FAILED`, `COPY_LOAD_FAILED`, `COPY_NO_POSITION`
 */
export async function copyDatabase(ctx: CopyContext): Promise<CopyResult> {
  const { blue, green, report } = ctx;
  const before = await copyState(green);
  if (before.state === "copied") return resultOf(before);
  await claimGreen(ctx);
  const loaded = before.state === "loaded" ? before : await dumpAndLoad(ctx);
  if (loaded.converged.length > 0) await converge(ctx, loaded);
  const result = resultOf(loaded);
  await writeCheckpoint(green, checkpoint, { state: "copied", gtid: result.gtid, detail: { ...result } });
  report({ step: "copy", message: `${blue.side}'s database is on green, at ${result.gtid}`, percent: 100 });
  return result;
}

type Loaded = CopyResult & { endGtid?: string };

function resultOf({ gtid, bytes, rows, copyMs, converged }: CopyResult): CopyResult {
  return { gtid, bytes, rows, copyMs, converged };
}

/** Makes green ours, or refuses. */
async function claimGreen({ blue, green, spec }: CopyContext): Promise<void> {
  const blueRole = await readRole(blue);
  if (blueRole?.role !== "blue") {
    throw new WikiferryError(
      "COPY_DIRECTION",
      `blue's role record says ${blueRole ? `${blueRole.role} is the primary` : "nothing"}, wanted blue`,
      blueRole
        ? "Green is never overwritten while it is the primary: set active to blue first"
        : "Adopt blue first, by `pulumi up` in phase sync",
    );
  }
  const stranger = await foreignDatabases(green, spec.wiki.name);
  if (stranger.length > 0) throw greenNotEmpty(stranger);
  await ensureControlSchema(green);
  const greenRole = await initRole(green, blueRole);
  if (greenRole.role !== "blue") {
    throw new WikiferryError(
      "COPY_DIRECTION",
      `green's role record says ${greenRole.role} is the primary, wanted blue`,
      "Green is never overwritten while it is the primary: set active to blue first",
    );
  }
}

export function greenNotEmpty(databases: readonly string[]): WikiferryError {
  return new WikiferryError(
    "GREEN_NOT_EMPTY",
    `green's MariaDB holds tables in ${databases.join(", ")} that are not of this move`,
    "Give green an empty server; nothing of another's is ever overwritten",
  );
}

/** Databases with tables on a green that bears no record of this wiki's move. Never writes. */
export async function foreignDatabases(green: Server, wiki: string): Promise<string[]> {
  const role = await readRole(green);
  if (role?.wiki === wiki) return [];
  const rows = await green.rows<{ name: string }>(
    `SELECT DISTINCT table_schema AS name FROM information_schema.tables
      WHERE table_schema NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys', 'wikiferry')`,
  );
  const names = rows.map((row) => row.name);
  return role && names.length === 0 ? [`wikiferry (of ${role.wiki})`] : names;
}

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
