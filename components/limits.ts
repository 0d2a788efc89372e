import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The resources that a container may use. */
export interface Limits {
  /** Memory including its tmpfs, in MB. It never swaps. */
  memoryMb: number;
  /** Processes and threads at a time. */
  pids: number;
  /** Size of each tmpfs in MB, by its path. */
  tmpfs: Record<string, number>;
}

/** A size such as `512M`, `4G` or `512mb` in MB. */
export function megabytes(size: string): number {
  const match = /^(\d+)([kmg]?)b?$/i.exec(size);
  const perMb = { "": 1024 * 1024, k: 1024, m: 1, g: 1 / 1024 }[match?.[2]?.toLowerCase() ?? ""];
  if (!match || !perMb) throw new Error(`${size} is not a size; write it like 512M`);
  return Math.ceil(Number(match[1]) / perMb);
}

/**
 * The buffer pool and 15 % that InnoDB needs to manage it, 4 MB for each connection (sort, join, read and net buffers,
 * thread stack), and 512 MB for everything else (key, Aria and log buffers, tables, a copy's tools).
 */
export function mariadbLimits(settings: { bufferPoolSize: string; maxConnections: number }): Limits {
  return {
    memoryMb: Math.ceil(megabytes(settings.bufferPoolSize) * 1.15) + 4 * settings.maxConnections + 512,
    pids: settings.maxConnections + 300,
    tmpfs: { "/tmp": 16, "/run/mysqld": 4 },
  };
}

/**
 * All keys twice, because a fork that rewrites the append-only file may copy each page, and a quarter for
 * fragmentation.
 */
export function redisLimits(maxMemory: string): Limits {
  return {
    memoryMb: Math.ceil(megabytes(maxMemory) * 2.25) + 64,
    pids: 64,
    tmpfs: { "/tmp": 4, "/run/redis": 1 },
  };
}

const phpIni = readFileSync(join(__dirname, "mediawiki/image/php.ini"), "utf8");

/** `memory_limit` of the image's PHP, in MB. */
export const phpMemoryMb = megabytes(/^memory_limit = (\S+)$/m.exec(phpIni)?.[1] ?? "");

/** Every worker at PHP's `memory_limit`, and 512 MB for shared caches, Apache, and programs such as ImageMagick. */
export function webLimits(workers: number): Limits {
  return {
    memoryMb: workers * phpMemoryMb + 512,
    // A worker may wait for a shell, the program in it, and the other end of a pipe.
    pids: 6 * workers + 100,
    tmpfs: { "/tmp": 16, "/run": 4 },
  };
}

/** One PHP, which on the command line has no `memory_limit`, and the programs that it starts. */
export const jobLimits: Limits = {
  memoryMb: 4 * phpMemoryMb,
  pids: 100,
  tmpfs: { "/tmp": 16, "/run": 4 },
};

/** rsync keeps about 100 bytes for each file, in five parts at a time. */
export const fileSyncLimits: Limits = {
  memoryMb: 1024,
  pids: 200,
  tmpfs: { "/tmp": 64, "/run": 4 },
};

/**
 * HAProxy: two buffers of 16 kB and its records for each connection, 100 kB, and 50 kB more for each held write. Twice,
 * because a reload leaves the old process to finish what it has started.
 */
export function gateLimits(maxConnections: number): Limits {
  const connectionsMb = (maxConnections * 100 + (maxConnections / 2) * 50) / 1024;
  return {
    memoryMb: Math.ceil(2 * connectionsMb) + 128,
    pids: 100,
    tmpfs: { "/tmp": 16, "/run": 4 },
  };
}

/** HAProxy with 200 connections of 100 kB each, twice as for the gate. */
export const proxyLimits: Limits = { memoryMb: 128, pids: 64, tmpfs: { "/tmp": 4, "/run": 1 } };
