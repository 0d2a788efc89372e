/** How a column's values are stored in a row event. */
export interface RowColumn {
  /** `enum_field_types`. */
  type: number;
  /** As in the table map; 0 for types that have none. */
  meta: number;
}

/** Field types by number (include/mysql_com.h, sql/field.h). */
export const fieldType = {
  tiny: 1,
  short: 2,
  long: 3,
  float: 4,
  double: 5,
  timestamp: 7,
  longlong: 8,
  int24: 9,
  date: 10,
  time: 11,
  datetime: 12,
  year: 13,
  newdate: 14,
  varchar: 15,
  bit: 16,
  timestamp2: 17,
  datetime2: 18,
  time2: 19,
  blobCompressed: 140,
  varcharCompressed: 141,
  json: 245,
  newdecimal: 246,
  enum: 247,
  set: 248,
  blob: 252,
  string: 254,
  geometry: 255,
} as const;

const oneByteMeta: ReadonlySet<number> = new Set([
  fieldType.float,
  fieldType.double,
  fieldType.timestamp2,
  fieldType.datetime2,
  fieldType.time2,
  fieldType.blobCompressed,
  fieldType.json,
  fieldType.blob,
  fieldType.geometry,
]);
const twoBytesMeta: ReadonlySet<number> = new Set([
  fieldType.varchar,
  fieldType.varcharCompressed,
  fieldType.bit,
  fieldType.newdecimal,
  fieldType.enum,
  fieldType.set,
  fieldType.string,
]);
const fixedBytes = new Map<number, number>([
  [fieldType.tiny, 1],
  [fieldType.short, 2],
  [fieldType.int24, 3],
  [fieldType.long, 4],
  [fieldType.longlong, 8],
  [fieldType.float, 4],
  [fieldType.double, 8],
  [fieldType.year, 1],
  [fieldType.date, 3],
  [fieldType.newdate, 3],
  [fieldType.time, 3],
  [fieldType.datetime, 8],
  [fieldType.timestamp, 4],
]);
/** Bytes for a number of decimal digits (strings/decimal.c). */
const digitBytes = [0, 1, 1, 2, 2, 3, 3, 4, 4, 4];

/** Reads the part of a table map that begins with the number of columns. */
export function readColumns(bytes: Buffer): RowColumn[] {
  const [count, used] = lengthAt(bytes, 0);
  const numbers = bytes.subarray(used, used + count);
  const [, lengthBytes] = lengthAt(bytes, used + count);
  let at = used + count + lengthBytes;
  return [...numbers].map((type) => {
    if (oneByteMeta.has(type)) return { type, meta: bytes[at++] as number };
    if (!twoBytesMeta.has(type)) return { type, meta: 0 };
    at += 2;
    return { type, meta: bytes.readUInt16LE(at - 2) };
  });
}

/** Where a value's own bytes are, without a length prefix. @throws RangeError for an unknown type */
export function skipValue(
  bytes: Buffer,
  at: number,
  { type, meta }: RowColumn,
): { start: number; end: number } {
  const fixed = fixedBytes.get(type);
  const of = (length: number, prefix = 0) => ({ start: at + prefix, end: at + prefix + length });
  if (fixed !== undefined) return of(fixed);
  switch (type) {
    case fieldType.timestamp2:
      return of(4 + ((meta + 1) >> 1));
    case fieldType.datetime2:
      return of(5 + ((meta + 1) >> 1));
    case fieldType.time2:
      return of(3 + ((meta + 1) >> 1));
    case fieldType.bit:
      return of((meta >> 8) + ((meta & 0xff) > 0 ? 1 : 0));
    case fieldType.newdecimal:
      return of(decimalBytes(meta & 0xff, meta >> 8));
    case fieldType.varchar:
    case fieldType.varcharCompressed:
      return meta > 255 ? of(bytes.readUInt16LE(at), 2) : of(bytes[at] as number, 1);
    case fieldType.blob:
    case fieldType.blobCompressed:
    case fieldType.geometry:
    case fieldType.json:
      return of(bytes.readUIntLE(at, meta), meta);
    case fieldType.enum:
    case fieldType.set:
      return of(meta >> 8);
    case fieldType.string: {
      const real = meta & 0xff;
      if (real === fieldType.enum || real === fieldType.set) return of(meta >> 8);
      // Two bits of a length above 255 are stored in the type, inverted.
      const longest = (meta >> 8) | (((real & 0x30) ^ 0x30) << 4);
      return longest > 255 ? of(bytes.readUInt16LE(at), 2) : of(bytes[at] as number, 1);
    }
    default:
      throw new RangeError(`a row event has a column of the unknown type ${type}`);
  }
}

function decimalBytes(precision: number, scale: number): number {
  const of = (digits: number) => 4 * Math.floor(digits / 9) + (digitBytes[digits % 9] as number);
  return of(precision - scale) + of(scale);
}

/** A length-encoded number, and how many bytes it takes. */
export function lengthAt(bytes: Buffer, at: number): [value: number, used: number] {
  const first = bytes[at] as number;
  if (first < 251) return [first, 1];
  if (first === 252) return [bytes.readUInt16LE(at + 1), 3];
  if (first === 253) return [bytes.readUIntLE(at + 1, 3), 4];
  return [Number(bytes.readBigUInt64LE(at + 1)), 9];
}
