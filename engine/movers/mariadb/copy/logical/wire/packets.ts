import type { Side } from "../../../../../move";

/**
 * The parts of the client/server protocol that a copy implements itself.
 * https://mariadb.com/kb/en/clientserver-protocol/
 */

/** Length of a packet that is continued by another one. */
export const fullPacket = 0xffffff;

/** An error that a server returned. */
export class ServerError extends Error {
  constructor(
    readonly side: Side,
    /** As in mysqld_error.h. */
    readonly errno: number,
    message: string,
  ) {
    super(message);
  }
}

/** A connection that broke. */
export class LinkError extends Error {
  constructor(
    readonly side: Side,
    message: string,
  ) {
    super(message);
  }
}

export interface Ok {
  affectedRows: number;
  warnings: number;
}

export function readError(side: Side, payload: Buffer): ServerError {
  const marked = payload[3] === 0x23;
  return new ServerError(side, payload.readUInt16LE(1), payload.toString("utf8", marked ? 9 : 3));
}

export function readOk(payload: Buffer): Ok {
  const affected = readLength(payload, 1);
  const insertId = readLength(payload, affected.next);
  return { affectedRows: affected.value, warnings: payload.readUInt16LE(insertId.next + 2) };
}

/** A length-encoded integer; NULL (0xfb) is -1. */
export function readLength(buffer: Buffer, at: number): { value: number; next: number } {
  const first = buffer[at] as number;
  if (first < 0xfb) return { value: first, next: at + 1 };
  if (first === 0xfb) return { value: -1, next: at + 1 };
  if (first === 0xfc) return { value: buffer.readUInt16LE(at + 1), next: at + 3 };
  if (first === 0xfd) return { value: buffer.readUIntLE(at + 1, 3), next: at + 4 };
  return { value: Number(buffer.readBigUInt64LE(at + 1)), next: at + 9 };
}

/** How many bytes a length takes whose first byte is `first`. */
export function lengthBytes(first: number): number {
  return first === 0xfc ? 3 : first === 0xfd ? 4 : first === 0xfe ? 9 : 1;
}

/** The values of a row of the text protocol. */
export function readRow(buffer: Buffer, from: number, to: number): (Buffer | null)[] {
  const values: (Buffer | null)[] = [];
  for (let at = from; at < to; ) {
    const { value, next } = readLength(buffer, at);
    values.push(value < 0 ? null : Buffer.from(buffer.subarray(next, next + value)));
    at = value < 0 ? next : next + value;
  }
  return values;
}

/** One command as packets, such as COM_QUERY (3) with its text. */
export function commandPackets(command: number, body: Buffer): Buffer {
  const whole = Buffer.allocUnsafe(body.length + 1);
  whole[0] = command;
  body.copy(whole, 1);
  const parts: Buffer[] = [];
  for (let from = 0, sequence = 0; ; from += fullPacket, sequence++) {
    const length = Math.min(fullPacket, whole.length - from);
    const header = Buffer.allocUnsafe(4);
    header.writeUIntLE(length, 0, 3);
    header[3] = sequence & 0xff;
    parts.push(header, whole.subarray(from, from + length));
    if (length < fullPacket) return Buffer.concat(parts);
  }
}
