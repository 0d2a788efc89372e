import { setTimeout as sleep } from "node:timers/promises";
import type { Session } from "../../../../runtime/mariadb/server";
import { speedProbe } from "./constants";

/** A sample of rows ends at this many bytes or milliseconds, whichever comes first. */
const sampleBytes = 4 * 1024 * 1024;
const sampleMs = 1_500;
/** Number of tables to sample, the largest ones. */
const sampleTables = 8;
const wayBytes = 1024 * 1024;

/** A table by the statistics of its server. */
export interface TableSize {
  name: string;
  /** Whether a snapshot covers it. */
  transactional: boolean;
  rows: number;
  bytes: number;
  indexBytes: number;
  averageRowBytes: number;
}

/** Base tables by size, the largest first. Never writes. */
export async function tableSizes(session: Session, database: string): Promise<TableSize[]> {
  const rows = await session.rows<
    Record<"name" | "engine" | "n" | "bytes" | "indexes" | "average", string | null>
  >(
    `SELECT table_name AS name, engine, table_rows AS n, data_length AS bytes, index_length AS indexes,
            avg_row_length AS average
       FROM information_schema.tables WHERE table_schema = ? AND table_type = 'BASE TABLE'
      ORDER BY data_length DESC, table_name`,
    [database],
  );
  return rows.map(({ name, engine, n, bytes, indexes, average }) => ({
    name: String(name),
    transactional: engine === "InnoDB",
    rows: Number(n ?? 0),
    bytes: Number(bytes ?? 0),
    indexBytes: Number(indexes ?? 0),
    averageRowBytes: Number(average ?? 0),
  }));
}

/**
 * The rate at which rows of the largest tables arrive, in bytes of the table per millisecond. Each table has a share of
 * the sample by its size. Undefined where there is too little to measure.
 */
export async function readingRate(
  session: Session,
  database: string,
  tables: readonly TableSize[],
): Promise<number | undefined> {
  const chosen = tables
    .filter(({ rows, averageRowBytes }) => rows > 0 && averageRowBytes > 0)
    .slice(0, sampleTables);
  const total = chosen.reduce((sum, { bytes }) => sum + bytes, 0);
  if (total < sampleBytes / 64) return undefined;
  let readBytes = 0;
  const start = performance.now();
  for (const { name, bytes, averageRowBytes } of chosen) {
    const limit = Math.ceil((sampleBytes * (bytes / total)) / averageRowBytes);
    const rows = await session.rows("SELECT SQL_NO_CACHE * FROM ??.?? LIMIT ?", [database, name, limit]);
    readBytes += rows.length * averageRowBytes;
    if (performance.now() - start > sampleMs) break;
  }
  const elapsedMs = performance.now() - start;
  return readBytes > 0 && elapsedMs > 0 ? readBytes / elapsedMs : undefined;
}

/** A statement and its answer, the median of several, in milliseconds. */
export async function roundTripMs(session: Session, times = 9): Promise<number> {
  return medianMs(times, () => session.value("SELECT 1"));
}

/** How long each server takes for `speedProbe` over some seconds, on average, in milliseconds. */
export async function probeMs(sessions: readonly Session[]): Promise<number[]> {
  const sums = sessions.map(() => 0);
  for (let time = 0; time < speedProbe.times; time++) {
    for (const [at, session] of sessions.entries()) {
      const start = performance.now();
      await session.value("SELECT BENCHMARK(?, SHA1(RAND()))", [speedProbe.count]);
      sums[at] = (sums[at] ?? 0) + performance.now() - start;
    }
    await sleep(speedProbe.pauseMs);
  }
  return sums.map((sum) => sum / speedProbe.times);
}

/** The rate of the path from a server to the tool, measured with generated data, in bytes per millisecond. */
export async function downRate(session: Session, latencyMs: number): Promise<number> {
  return rateOf(latencyMs, () => session.value("SELECT REPEAT('x', ?)", [wayBytes]));
}

/** The rate of the path from the tool to a server, in bytes per millisecond. */
export async function upRate(session: Session, latencyMs: number): Promise<number> {
  const load = "x".repeat(wayBytes);
  return rateOf(latencyMs, () => session.value("SELECT LENGTH(?)", [load]));
}

async function rateOf(latencyMs: number, carry: () => Promise<unknown>): Promise<number> {
  // The first transfer widens the TCP window.
  await carry();
  const ms = await medianMs(3, carry);
  return wayBytes / Math.max(1, ms - latencyMs);
}

/** Row changes that clients requested since the server's start. */
export async function writesSoFar(session: Session): Promise<number> {
  const rows = await session.rows<{ Value: string }>(
    "SHOW GLOBAL STATUS WHERE Variable_name IN ('Com_insert', 'Com_update', 'Com_delete', 'Com_replace', 'Com_insert_select', 'Com_update_multi', 'Com_delete_multi')",
  );
  return rows.reduce((sum, { Value }) => sum + Number(Value), 0);
}

/** The median duration of `work`, in milliseconds. */
export async function medianMs(times: number, work: () => Promise<unknown>): Promise<number> {
  const taken: number[] = [];
  for (let i = 0; i < times; i++) {
    const start = performance.now();
    await work();
    taken.push(performance.now() - start);
  }
  return taken.sort((a, b) => a - b)[Math.floor(times / 2)] as number;
}
