import { createHash } from "node:crypto";
import { WikiferryError } from "../../errors";

/*
 * A log is JSON lines: {"sum":"…","prev":"…","record":{…}}. `sum` covers the rest of the line, `prev` is the `sum` of
 * the record before. So a record counts only if it follows the last one that counts:
 *
 * - Of two writers that read the same end and append at once, the first one's record counts. The other's is void; its
 *   writer notices and decides again. The kernel orders complete appends, so this needs no lock, and a process that
 *   dies leaves none behind.
 * - A line that was changed, lost or moved breaks the chain: the next record follows one that does not exist.
 *
 * Each append begins with " \n", so that what a killed writer left unfinished stays a separate line, and another
 * writer's newline can't complete it.
 */

/** Before the first record. */
export const start = "0".repeat(16);

export interface Link<Payload> {
  sum: string;
  record: Payload;
}

export interface Log<Payload> {
  /** The records that count, in order. */
  links: Link<Payload>[];
  /** What the next record follows. */
  head: string;
  /** Lines that lost against another writer's, or were left unfinished. */
  waste: number;
}

const line = /^\{"sum":"([0-9a-f]{16})",("prev":"([0-9a-f]{16})","record":(\{.*\})\})$/su;

/** One record as it is appended, and the sum by which its writer finds it again. */
export function encode(prev: string, record: object): { sum: string; bytes: Buffer } {
  const rest = `"prev":"${prev}","record":${JSON.stringify(record)}}`;
  const sum = sumOf(Buffer.from(rest));
  return { sum, bytes: Buffer.from(` \n{"sum":"${sum}",${rest}\n`) };
}

/**
 * Parses a log's bytes. A last line without its newline was never acknowledged and is ignored. Pure.
 * @param name Of the file, for the error.
 * @throws `CTRL_STORE_CORRUPT` where an acknowledged record is, or may be, damaged or missing
 */
export function decode<Payload>(bytes: Buffer, name: string): Log<Payload> {
  const log: Log<Payload> = { links: [], head: start, waste: 0 };
  const known = new Set([start]);
  /** Unreadable lines since the last record that counts. */
  let unreadable = 0;
  let number = 0;
  let from = 0;
  for (let end = bytes.indexOf(10); end >= 0; from = end + 1, end = bytes.indexOf(10, from)) {
    number++;
    const text = bytes.subarray(from, end);
    if (text.equals(blank)) continue;
    const found = parse<Payload>(text);
    if (!found) {
      unreadable ||= number;
      continue;
    }
    if (found.prev === log.head) {
      log.links.push({ sum: found.sum, record: found.record });
      log.head = found.sum;
      known.add(found.sum);
      if (unreadable) log.waste++;
      unreadable = 0;
    } else if (known.has(found.prev)) log.waste++;
    else throw corrupt(name, number, "it follows a record that does not exist");
  }
  // Nothing after it shows whether it counted.
  if (unreadable) throw corrupt(name, unreadable, "it can't be read");
  const tail = bytes.subarray(from);
  if (tail.length > 1 && parse(tail.subarray(0, -1)))
    throw corrupt(name, number + 1, "something else is where it should end");
  return log;
}

const blank = Buffer.from(" ");

function parse<Payload>(text: Buffer): { sum: string; prev: string; record: Payload } | undefined {
  const [, sum, rest, prev, record] = line.exec(text.toString("latin1")) ?? [];
  if (sum === undefined || rest === undefined || prev === undefined || record === undefined) return undefined;
  if (sumOf(Buffer.from(rest, "latin1")) !== sum) return undefined;
  return { sum, prev, record: JSON.parse(Buffer.from(record, "latin1").toString("utf8")) as Payload };
}

function sumOf(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex").slice(0, 16);
}

function corrupt(name: string, number: number, why: string): WikiferryError {
  return storeCorrupt(`line ${number} of ${name} is damaged: ${why}`);
}

export function storeCorrupt(found: string): WikiferryError {
  return new WikiferryError(
    "CTRL_STORE_CORRUPT",
    found,
    "Nothing was changed. Restore the file from a backup of the same moment, or find out who is the primary and move the directory away: the next `npx pulumi up` then starts a new one",
  );
}
