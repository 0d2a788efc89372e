import type { Session } from "../../../runtime/mariadb/server";
import type { TableDefinition } from "./definitions";
import { type Digest, type PieceRow, pieceQuery, readPiece, readSum, sameDigest, sumQuery } from "./digest";
import type { Range } from "./ranges";

/** What one query hashes. */
export interface Piece {
  /** As SQL, with the database. */
  name: string;
  table: TableDefinition;
  range: Range;
}

/** A piece with the hashes of both sides. */
export interface Compared extends Piece {
  there: Digest;
  here: Digest;
  same: boolean;
}

/**
 * Hashes the pieces on both sides at once, each side with all of its sessions, biggest pieces first, so that none is
 * left for the end.
 * @param sides For each side, sessions in snapshots of the same state of the data.
 * @param done Receives each piece that is done on both sides.
 */
export async function comparePieces(
  sides: { primary: readonly Session[]; replica: readonly Session[] },
  pieces: readonly Piece[],
  done: (piece: Compared) => void,
): Promise<Compared[]> {
  const queue = [...pieces].sort((a, b) => b.range.bytes - a.range.bytes);
  const there = queue.map(() => deferred<Digest | undefined>());
  const here = queue.map(() => deferred<Digest | undefined>());
  const work = [hashAll(sides.primary, queue, there), hashAll(sides.replica, queue, here)];
  const compared = queue.map(async (piece, at) => {
    const [a, b] = await Promise.all([there[at]?.promise, here[at]?.promise]);
    const result = a && b ? judged(piece, a, b) : undefined;
    if (result) done(result);
    return { piece, result };
  });
  const [first] = await Promise.all([Promise.all(compared), ...work]);
  const all: Compared[] = [];
  for (const { piece, result } of first) all.push(result ?? (await summed(sides, piece, done)));
  return all;
}

/** What was too long for one piece on one side is hashed row by row on both. */
async function summed(
  sides: { primary: readonly Session[]; replica: readonly Session[] },
  piece: Piece,
  done: (piece: Compared) => void,
): Promise<Compared> {
  const [a, b] = await Promise.all(
    [sides.primary[0] as Session, sides.replica[0] as Session].map((session) => sum(session, piece)),
  );
  const result = judged(piece, a as Digest, b as Digest);
  done(result);
  return result;
}

function judged(piece: Piece, there: Digest, here: Digest): Compared {
  return { ...piece, there, here, same: sameDigest(there, here) };
}

async function hashAll(
  sessions: readonly Session[],
  queue: readonly Piece[],
  answers: readonly Deferred<Digest | undefined>[],
): Promise<void> {
  let at = 0;
  try {
    await Promise.all(
      sessions.map(async (session) => {
        while (at < queue.length) {
          const mine = at++;
          answers[mine]?.resolve(await hash(session, queue[mine] as Piece));
        }
      }),
    );
  } catch (error) {
    at = queue.length;
    for (const answer of answers) answer.reject(error);
    throw error;
  }
}

async function hash(session: Session, piece: Piece): Promise<Digest | undefined> {
  const { name, table, range } = piece;
  if (!table.key) return await sum(session, piece);
  const row = await session.row<PieceRow>(pieceQuery(name, table.columns, table.key.index, range.where));
  return row && readPiece(table.columns, row);
}

async function sum(session: Session, { name, table, range }: Piece): Promise<Digest> {
  const row = await session.row<{ n: string | number; h: string | null }>(
    sumQuery(name, table.columns, range.where),
  );
  return readSum(row ?? { n: 0, h: null });
}

interface Deferred<T> {
  promise: Promise<T>;
  resolve(value: T): void;
  reject(error: unknown): void;
}

function deferred<T>(): Deferred<T> {
  let resolve: (value: T) => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  // Nobody may be waiting for it yet when its session breaks.
  promise.catch(() => {});
  return { promise, resolve, reject };
}
