import { inflateSync } from "node:zlib";
import { lengthAt, type RowColumn, readColumns, skipValue } from "./columns";

/*
 * The events of the binary log, as far as they tell what has changed. https://mariadb.com/kb/en/replication-protocol/
 * and sql/log_event.h of MariaDB 10.11
 */

/** The content of an event. */
export type BinlogEvent =
  | { kind: "gtid"; gtid: string; domain: number; standalone: boolean }
  /** A statement as text: a schema change, or the beginning or end of a transaction. */
  | { kind: "statement"; schema: string; text: string }
  | { kind: "end of transaction" }
  | { kind: "rows"; schema: string; table: string; columns: number; images: RowImage[] }
  /** A packet that ends the stream. */
  | { kind: "error"; number: number; message: string };

/** A row before or after its change: the bytes of each value. null is NULL; undefined is not in the image. */
export type RowImage = readonly (Buffer | null | undefined)[];

interface TableMap {
  schema: string;
  table: string;
  columns: RowColumn[];
}

/** Which columns of a table to read, by position from 0. Undefined for a table that is not needed. */
export type WantedColumns = (schema: string, table: string) => readonly number[] | undefined;

const types = {
  query: 2,
  formatDescription: 15,
  xid: 16,
  tableMap: 19,
  xaPrepare: 38,
  gtid: 162,
  queryCompressed: 165,
};
const rowTypes = new Map<number, { update: boolean; extra: boolean; compressed: boolean }>(
  [23, 24, 25, 30, 31, 32, 166, 167, 168, 169, 170, 171].map((type, at) => [
    type,
    { update: at % 3 === 1, extra: (at >= 3 && at < 6) || at >= 9, compressed: at >= 6 },
  ]),
);
const headerBytes = 19;
const checksumBytes = 4;

/** Reads a stream's packets. The meaning of an event depends on those before it. */
export class EventReader {
  private readonly tables = new Map<number, TableMap>();
  /** Length of the checksum at the end of each event, from the description at the beginning of a log. */
  private checksummed = false;

  constructor(private readonly wanted: WantedColumns) {}

  /** Undefined for an event that changes nothing. */
  read(packet: Buffer): BinlogEvent | undefined {
    if (packet[0] === 0xff) {
      return { kind: "error", number: packet.readUInt16LE(1), message: packet.subarray(9).toString("utf8") };
    }
    if (packet[0] === 0xfe) return { kind: "error", number: 0, message: "the stream has ended" };
    const type = packet[5] as number;
    const serverId = packet.readUInt32LE(6);
    const body = packet.subarray(1 + headerBytes, packet.length - (this.checksummed ? checksumBytes : 0));
    switch (type) {
      case types.formatDescription:
        // The checksum algorithm precedes this event's own checksum, which is always present.
        this.checksummed = packet[packet.length - checksumBytes - 1] === 1;
        return undefined;
      case types.gtid:
        return gtidOf(body, serverId);
      case types.query:
      case types.queryCompressed:
        return statementOf(body, type === types.queryCompressed);
      case types.xid:
      case types.xaPrepare:
        return { kind: "end of transaction" };
      case types.tableMap:
        this.noteTable(body);
        return undefined;
      default: {
        const layout = rowTypes.get(type);
        return layout && this.rowsOf(body, layout);
      }
    }
  }

  private noteTable(body: Buffer): void {
    const id = body.readUIntLE(0, 6);
    let at = 8;
    const name = () => {
      const length = body[at] as number;
      const text = body.toString("utf8", at + 1, at + 1 + length);
      at += length + 2;
      return text;
    };
    const schema = name();
    const table = name();
    // Table ids are assigned again when a server has used them up or restarts.
    this.tables.set(id, { schema, table, columns: readColumns(body.subarray(at)) });
  }

  private rowsOf(
    body: Buffer,
    layout: { update: boolean; extra: boolean; compressed: boolean },
  ): BinlogEvent | undefined {
    const map = this.tables.get(body.readUIntLE(0, 6));
    const wanted = map && this.wanted(map.schema, map.table);
    if (!map || !wanted) return undefined;
    let at = 8;
    if (layout.extra) at += body.readUInt16LE(at);
    const [count, used] = lengthAt(body, at);
    at += used;
    const bitmapBytes = (count + 7) >> 3;
    const present = [body.subarray(at, at + bitmapBytes)];
    at += bitmapBytes;
    if (layout.update) {
      present.push(body.subarray(at, at + bitmapBytes));
      at += bitmapBytes;
    }
    const rows = layout.compressed ? inflated(body.subarray(at)) : body.subarray(at);
    const images: RowImage[] = [];
    let place = 0;
    for (let n = 0; place < rows.length; n++) {
      const bitmap = present[n % present.length] as Buffer;
      const image: (Buffer | null | undefined)[] = [];
      place = readImage(rows, place, map.columns, bitmap, wanted, image);
      images.push(image);
    }
    return { kind: "rows", schema: map.schema, table: map.table, columns: count, images };
  }
}

function readImage(
  rows: Buffer,
  start: number,
  columns: readonly RowColumn[],
  present: Buffer,
  wanted: readonly number[],
  image: (Buffer | null | undefined)[],
): number {
  const isIn = (column: number) => ((present[column >> 3] as number) & (1 << (column & 7))) !== 0;
  const inImage = columns.map((_, column) => column).filter(isIn);
  let at = start + ((inImage.length + 7) >> 3);
  inImage.forEach((column, nth) => {
    const isNull = ((rows[start + (nth >> 3)] as number) & (1 << (nth & 7))) !== 0;
    const value = isNull ? undefined : skipValue(rows, at, columns[column] as RowColumn);
    if (value) at = value.end;
    if (wanted.includes(column)) image[column] = value ? rows.subarray(value.start, value.end) : null;
  });
  return at;
}

function gtidOf(body: Buffer, serverId: number): BinlogEvent {
  const domain = body.readUInt32LE(8);
  const flags = body[12] as number;
  return {
    kind: "gtid",
    gtid: `${domain}-${serverId}-${body.readBigUInt64LE(0)}`,
    domain,
    standalone: (flags & 1) !== 0,
  };
}

function statementOf(body: Buffer, compressed: boolean): BinlogEvent {
  const schemaBytes = body[8] as number;
  const at = 13 + body.readUInt16LE(11);
  const schema = body.toString("utf8", at, at + schemaBytes);
  const text = body.subarray(at + schemaBytes + 1);
  return { kind: "statement", schema, text: (compressed ? inflated(text) : text).toString("utf8") };
}

/** A byte with the length of the length, the length (most significant byte first), and zlib's output. */
function inflated(packed: Buffer): Buffer {
  const head = packed[0] as number;
  if ((head & 0x70) !== 0) throw new RangeError(`an event is compressed in an unknown way (${head})`);
  return inflateSync(packed.subarray(1 + (head & 7)));
}
