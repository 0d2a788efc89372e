import { quoted } from "../../../runtime/mariadb/identifier";
import { type ColumnKind, rowText, textBound } from "./rowText";

/** A digest of many rows: equal on both sides if the rows are, and otherwise different except for a chance of 2⁻¹²⁸. */
export interface Digest {
  /** Decimal. */
  rows: string;
  hash: string;
}

/**
 * Maximum bytes of row text that are hashed in one piece, and so the maximum memory that a session takes for it. The
 * server's GROUP_CONCAT truncates what is longer, so `readPiece` returns no hash for what may have been longer.
 */
export const longestPiece = 64 * 1024 * 1024;

/** Session settings that these queries require. */
export const digestSettings = `group_concat_max_len = ${longestPiece}, sql_mode = '', time_zone = '+00:00'`;

/**
 * Hashes a range of rows in the order of `index`, as one piece: one SHA-1 for all of them. Hashing each row separately
 * takes at least twice as long where rows are short, and MD5 takes about twice as long as SHA-1, for which processors
 * have instructions and which MariaDB calls with less overhead (measured on 10.11; see `npm run bench:verify`).
 */
export function pieceQuery(
  table: string,
  columns: readonly ColumnKind[],
  index: string,
  where: string,
): string {
  const hash = `SHA1(GROUP_CONCAT(${rowText(columns)} SEPARATOR '\\n'))`;
  return `SELECT COUNT(*) AS n, ${hash} AS h, ${textBound(columns).sum ?? 0} AS l FROM ${table} FORCE INDEX (${quoted(index)}) WHERE ${where}`;
}

/** The result of `pieceQuery`: rows, their hash, bytes of their long values. */
export interface PieceRow {
  n: string | number;
  h: string | null;
  l: string | number | null;
}

/** Parses the row of `pieceQuery`; undefined if the piece may have been too long. */
export function readPiece(columns: readonly ColumnKind[], { n, h, l }: PieceRow): Digest | undefined {
  const longest = Number(n) * textBound(columns).bytesPerRow + Number(l ?? 0);
  return longest < longestPiece ? { rows: String(n), hash: h ?? "" } : undefined;
}

/** SQL for a row's SHA-1, in hex. */
export function rowHash(columns: readonly ColumnKind[]): string {
  return `SHA1(${rowText(columns)})`;
}

/**
 * SQL for the sum of all rows' SHA-1, using the first 128 bits of each as a number. It does not depend on the order or
 * number of rows. Unlike exclusive or, it notices pairs of equal rows. A user variable makes the server compute each
 * row's hash once: it is set and read within one sum, whose left side is evaluated before its right.
 */
export function sumOfHashes(columns: readonly ColumnKind[]): string {
  const left = `CAST(CONV(LEFT(@wikiferry_h := ${rowHash(columns)},16),16,10) AS DECIMAL(20))`;
  const right = "CAST(CONV(SUBSTR(@wikiferry_h,17,16),16,10) AS DECIMAL(20))";
  return `SUM(${left}*18446744073709551616+${right})`;
}

export function sumQuery(table: string, columns: readonly ColumnKind[], where = "1"): string {
  return `SELECT COUNT(*) AS n, ${sumOfHashes(columns)} AS h FROM ${table} WHERE ${where}`;
}

/** Parses the row of `sumQuery`. */
export function readSum(row: { n: string | number; h: string | null }): Digest {
  return { rows: String(row.n), hash: row.h ?? "" };
}

export function sameDigest(a: Digest, b: Digest): boolean {
  return a.rows === b.rows && a.hash === b.hash;
}
