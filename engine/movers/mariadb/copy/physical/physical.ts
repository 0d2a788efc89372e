import { writeCheckpoint } from "../../../../control/mariadb/checkpoint";
import { WikiferryError } from "../../../../errors";
import { size } from "../../../../format";
import type { Session } from "../../../../runtime/mariadb/server";
import { freeBytesOnGreen } from "../../preflight/freeBytes";
import type { CopyContext } from "../context";
import type { CopyMethod } from "../method";
import type { CopyResult } from "../state";
import { sweepBackups } from "./backupSession";
import { bytesOnBlue } from "./facts";
import { incomingGtid, takeUp } from "./incoming";
import { makeReady } from "./ready";
import { receive } from "./receive";
import { forgetOld, swapIn } from "./swap";

/**
 * Copies blue's files: mariadb-backup streams them beside green's data while blue serves, green adapts them, and its
 * next start puts them in place. Green's old data is kept until it answers with the new files.
 *
 * A killed run is continued: what arrived in part is deleted, what arrived completely is prepared again, what is ready
 * is put in place, and what is in place is left there.
 */
export const physical: CopyMethod = { name: "physical", copy };

async function copy(ctx: CopyContext, claimed: Promise<void>): Promise<CopyResult> {
  const lock = await onlyOne(ctx);
  try {
    return await underTheLock(ctx, claimed);
  } finally {
    lock.destroy();
  }
}

async function underTheLock(ctx: CopyContext, claimed: Promise<void>): Promise<CopyResult> {
  const { blue, green, spec, pool } = ctx;
  const started = performance.now();
  const [state] = await Promise.all([takeUp(ctx), sweepBackups(await pool.to(spec.blue.database.ssh))]);
  let gtid: string;
  if (state === "empty") {
    const [expectedBytes] = await Promise.all([
      roomFor(ctx),
      claimed,
      // A binary log that was just enabled on a quiet wiki names no position yet. One logged heartbeat gives it the
      // first.
      blue.run("UPDATE wikiferry.heartbeat SET beat = beat + 1, beat_at = UTC_TIMESTAMP(6) WHERE id = 1"),
    ]);
    await writeCheckpoint(green, "copy", { state: "copying" });
    gtid = await receive(ctx, expectedBytes);
  } else gtid = await incomingGtid(ctx);
  await claimed;
  const elapsedMs = () => Math.round(performance.now() - started);
  if (state !== "ready") {
    const size = await sizeOf(ctx);
    await makeReady(ctx, { gtid, ...size, copyMs: elapsedMs(), converged: [] });
  }
  await swapIn(ctx, gtid);
  await forgetOld(ctx);
  return { gtid, ...(await sizeOf(ctx)), copyMs: elapsedMs(), converged: [] };
}

/** Data and indexes of the wiki, by blue's statistics. */
export async function sizeOf({ blue, spec }: CopyContext): Promise<{ bytes: number; rows: number }> {
  const size = await blue.row<{ n: string | null; bytes: string | null }>(
    "SELECT SUM(table_rows) AS n, SUM(data_length + index_length) AS bytes FROM information_schema.tables WHERE table_schema = ?",
    [spec.wiki.database],
  );
  return { bytes: Number(size?.bytes ?? 0), rows: Number(size?.n ?? 0) };
}

/** For the redo log and what grows while the files are prepared, in bytes. */
const spareBytes = 512 * 1024 * 1024;

/** How much will be copied. @throws `COPY_NO_SPACE` */
async function roomFor(ctx: CopyContext): Promise<number> {
  const [bytes, freeBytes] = await Promise.all([
    bytesOnBlue(ctx),
    freeBytesOnGreen(ctx.spec.green.database, ctx.pool),
  ]);
  const neededBytes = Math.ceil(bytes * 1.05) + spareBytes;
  if (freeBytes >= neededBytes) return bytes;
  throw new WikiferryError(
    "COPY_NO_SPACE",
    `green's volume has ${size(freeBytes)} free, and blue's files take ${size(neededBytes)}`,
    "Give green's host a larger disk, or free some space on it",
  );
}

/** How long a killed run may take to release its lock, in seconds. */
const lockSeconds = 20;

/** One copy at a time: the session ends with the run. @throws `COPY_RUNNING` */
async function onlyOne({ blue }: CopyContext): Promise<Session> {
  const session = await blue.open();
  if ((await session.value("SELECT GET_LOCK('wikiferry.copy', ?)", [lockSeconds])) === "1") return session;
  session.destroy();
  throw new WikiferryError(
    "COPY_RUNNING",
    "another run is copying this database",
    "Wait until it has ended; a dead run releases it by itself within a minute",
  );
}
