import type { Estimate } from "../../mover";
import type { Server } from "../server";

/** Read as a sample, in bytes. */
const sampleBytes = 4 * 1024 * 1024;
/** Taken where the tables are too small to measure anything, in bytes per millisecond. */
const usualRate = 10_000;
/** Loading on green takes about as long as reading from blue, on machines of equal size. */
const loadFactor = 2;
/** Connections, schemas and the start of a dump, in milliseconds. */
const startMs = 1_000;

/** Size of the copy by blue's statistics, and its duration from the rate at which a sample of at most 4 MB is read. Never writes. */
export async function estimate(blue: Server, database: string): Promise<Estimate> {
  const session = await blue.open();
  try {
    const total = await session.row<{ n: string | null; bytes: string | null }>(
      "SELECT SUM(table_rows) AS n, SUM(data_length) AS bytes FROM information_schema.tables WHERE table_schema = ?",
      [database],
    );
    const largest = await session.row<{ name: string; bytes: string; average: string }>(
      `SELECT table_name AS name, data_length AS bytes, avg_row_length AS average FROM information_schema.tables
        WHERE table_schema = ? AND table_type = 'BASE TABLE' ORDER BY data_length DESC LIMIT 1`,
      [database],
    );
    const bytes = Number(total?.bytes ?? 0);
    let rate = usualRate;
    if (largest && Number(largest.bytes) > sampleBytes / 16 && Number(largest.average) > 0) {
      const rows = Math.ceil(sampleBytes / Number(largest.average));
      const start = performance.now();
      const read = await session.rows("SELECT SQL_NO_CACHE * FROM ??.?? LIMIT ?", [
        database,
        largest.name,
        rows,
      ]);
      const elapsedMs = performance.now() - start;
      if (read.length > 0 && elapsedMs > 0) rate = (read.length * Number(largest.average)) / elapsedMs;
    }
    return { rows: Number(total?.n ?? 0), bytes, copyMs: copyDurationMs(bytes, rate) };
  } finally {
    session.destroy();
  }
}

/** @param bytesPerMs The rate of reading. */
export function copyDurationMs(bytes: number, bytesPerMs: number): number {
  return Math.round(startMs + (bytes / bytesPerMs) * loadFactor);
}
