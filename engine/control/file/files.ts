import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, link, mkdir, open, readdir, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";

/*
 * A log is written to `log.1`, `log.2`, …; the highest number counts. The next one is written completely under a
 * temporary name and linked into place, which fails if another process was faster.
 */

const logName = /^log\.([1-9]\d*)$/;
const unfinishedName = /^new\.[0-9a-f]+$/;
const privately = 0o600;

export function logFile(directory: string, generation: number): string {
  return join(directory, `log.${generation}`);
}

/** The newest log; 0 if there is none. */
export async function newestLog(directory: string): Promise<number> {
  const names = await readdir(directory).catch(ifMissing([]));
  return Math.max(0, ...names.map((name) => Number(logName.exec(name)?.[1] ?? 0)));
}

/** Undefined if it was removed because its successor exists. */
export async function openLog(
  directory: string,
  generation: number,
  how: "read" | "append",
): Promise<FileHandle | undefined> {
  // Never O_CREAT: a log that was removed must not come back.
  const flags = how === "read" ? constants.O_RDONLY : constants.O_RDWR | constants.O_APPEND;
  return await open(logFile(directory, generation), flags).catch(ifMissing(undefined));
}

export async function readWhole(handle: FileHandle): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for (let at = 0; ; ) {
    const piece = Buffer.alloc(65_536);
    const { bytesRead } = await handle.read(piece, 0, piece.length, at);
    if (bytesRead === 0) return Buffer.concat(pieces);
    pieces.push(piece.subarray(0, bytesRead));
    at += bytesRead;
  }
}

/** A log that is on disk, under a name that nobody reads yet. */
export async function writeUnfinished(directory: string, bytes: Buffer): Promise<string> {
  const file = join(directory, `new.${randomBytes(8).toString("hex")}`);
  const handle = await open(file, "wx", privately);
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } catch (error) {
    await removeUnfinished(file);
    throw error;
  } finally {
    await handle.close();
  }
  return file;
}

export async function removeUnfinished(file: string): Promise<void> {
  await rm(file, { force: true });
}

/** Makes it the log of this number, unless that exists, and removes earlier ones. */
export async function putInPlace(directory: string, unfinished: string, generation: number): Promise<void> {
  await link(unfinished, logFile(directory, generation)).catch((error: NodeJS.ErrnoException) => {
    // Gone: another process has cleaned up after it created this log.
    if (error.code !== "EEXIST" && error.code !== "ENOENT") throw error;
  });
  // Before the old log is removed, the new one is there to stay.
  await syncDirectory(directory);
  await removeOlder(directory, generation);
}

async function removeOlder(directory: string, generation: number): Promise<void> {
  const old = (await readdir(directory)).filter(
    (name) => unfinishedName.test(name) || Number(logName.exec(name)?.[1] ?? generation) < generation,
  );
  for (const name of old) await rm(join(directory, name), { force: true });
}

export async function makeDirectory(directory: string): Promise<void> {
  const path = resolve(directory);
  const made = await mkdir(path, { recursive: true, mode: 0o700 });
  if (made === undefined) return;
  // Each new directory is an entry of its parent.
  for (let at = path; at.length >= made.length; at = dirname(at)) await syncDirectory(dirname(at));
}

/** Makes added names survive a power failure. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function ifMissing<T>(instead: T): (error: NodeJS.ErrnoException) => T {
  return (error) => {
    if (error.code !== "ENOENT") throw error;
    return instead;
  };
}
