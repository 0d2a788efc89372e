import type { Duplex } from "node:stream";
import type { Side } from "../../../../../move";
import type { Server } from "../../../../../runtime/mariadb/server";
import { hasRead } from "../garbage";
import {
  commandPackets,
  fullPacket,
  LinkError,
  lengthBytes,
  type Ok,
  readError,
  readOk,
  readRow,
} from "./packets";

/** Receives the rows of a SELECT as they arrive on the wire, without a copy and without an object for each value. */
export interface RowSink {
  /** A row, from `from` to `to`. The buffer is reused afterwards. */
  row(buffer: Buffer, from: number, to: number): void;
  /** A row too large to be held: its bytes follow in pieces. */
  beginLargeRow(): void;
  piece(buffer: Buffer, from: number, to: number): void;
  endLargeRow(): void;
}

/** Rows up to this size are passed on whole, in bytes. */
const wholeRowBytes = 512 * 1024;

/** The parts of an answer, in the order in which its packets arrive. */
type Expected =
  | { kind: "ok"; resolve: (ok: Ok) => void; reject: (error: Error) => void }
  | { kind: "prepared"; resolve: (prepared: Prepared) => void; reject: (error: Error) => void }
  | { kind: "rows"; sink: RowSink; resolve: () => void; reject: (error: Error) => void };

/** A statement prepared on the server. */
export interface Prepared {
  id: number;
  parameters: number;
}

const comQuery = 3;
const comPrepare = 0x16;
const comCloseStatement = 0x19;
/** MARIADB_CLIENT_STMT_BULK_OPERATIONS among the extended capabilities. */
const bulkCapability = 4;

/**
 * One session that speaks the protocol itself: commands can be sent before the answers to earlier ones have arrived,
 * and rows are passed on as raw bytes. mysql2 logs in.
 */
export class Wire {
  private readonly expected: Expected[] = [];
  private failure: Error | undefined;
  private phase: "head" | "columns" | "rows" = "head";
  private toSkip = 0;
  private prepared: Prepared = { id: 0, parameters: 0 };
  /** The beginning of an incomplete packet. */
  private held: Buffer = Buffer.allocUnsafe(64 * 1024);
  private heldBytes = 0;
  /** Remaining bytes of a large row's packet; with `largeEnds`, it is the row's last packet. */
  private largeBytes = 0;
  private inLargeRow = false;
  private largeEnds = false;
  /** When the server last sent something, by the monotonic clock. */
  heardAt = performance.now();

  private constructor(
    readonly side: Side,
    readonly connectionId: number,
    private readonly stream: Duplex,
  ) {
    stream.on("data", (chunk: Buffer) => this.take(chunk));
    stream.once("error", (error) => this.fail(new LinkError(side, error.message)));
    stream.once("close", () => this.fail(new LinkError(side, "the connection was closed")));
  }

  static async open(server: Server, options: { bulk?: boolean } = {}): Promise<Wire> {
    const { stream, connectionId } = await server.openStream(options.bulk ? { prepare: askForBulk } : {});
    return new Wire(server.side, connectionId, stream);
  }

  /** A statement without rows. */
  run(sql: string | Buffer): Promise<Ok> {
    return this.ask((resolve, reject) => ({ kind: "ok", resolve, reject }), comQuery, sql);
  }

  /** A few small rows. */
  async rows(sql: string): Promise<(Buffer | null)[][]> {
    const found: (Buffer | null)[][] = [];
    let large: Buffer[] = [];
    await this.select(sql, {
      row: (buffer, from, to) => void found.push(readRow(buffer, from, to)),
      beginLargeRow: () => {
        large = [];
      },
      piece: (buffer, from, to) => void large.push(Buffer.from(buffer.subarray(from, to))),
      endLargeRow: () => {
        const whole = Buffer.concat(large);
        found.push(readRow(whole, 0, whole.length));
      },
    });
    return found;
  }

  select(sql: string | Buffer, sink: RowSink): Promise<void> {
    return this.ask((resolve, reject) => ({ kind: "rows", sink, resolve, reject }), comQuery, sql);
  }

  prepare(sql: string): Promise<Prepared> {
    return this.ask((resolve, reject) => ({ kind: "prepared", resolve, reject }), comPrepare, sql);
  }

  closeStatement({ id }: Prepared): void {
    const body = Buffer.allocUnsafe(4);
    body.writeUInt32LE(id);
    this.stream.write(commandPackets(comCloseStatement, body));
  }

  /** Sends bytes that are already packets. Calls `sent` once they may be changed again. */
  write(packets: Buffer, sent?: () => void): void {
    if (this.failure) return;
    this.stream.write(packets, () => sent?.());
  }

  /** The answer to a command that `write` has sent. */
  ok(): Promise<Ok> {
    return new Promise((resolve, reject) => {
      if (this.failure) reject(this.failure);
      else this.expected.push({ kind: "ok", resolve, reject });
    });
  }

  /** Accepts no more bytes until `resume`; a few that are in transit may still arrive. */
  pause(): void {
    this.stream.pause();
  }

  resume(): void {
    this.heardAt = performance.now();
    this.stream.resume();
  }

  get broken(): boolean {
    return this.failure !== undefined;
  }

  destroy(error?: Error): void {
    this.fail(error ?? new LinkError(this.side, "the session was ended"));
    this.stream.destroy();
  }

  private ask<T>(
    expect: (resolve: (value: T) => void, reject: (error: Error) => void) => Expected,
    command: number,
    text: string | Buffer,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.failure) return reject(this.failure);
      this.expected.push(expect(resolve, reject));
      this.stream.write(commandPackets(command, typeof text === "string" ? Buffer.from(text) : text));
    });
  }

  private fail(error: Error): void {
    if (this.failure) return;
    this.failure = error;
    for (const { reject } of this.expected.splice(0)) reject(error);
  }

  private take(chunk: Buffer): void {
    hasRead(chunk.length);
    this.heardAt = performance.now();
    let at = 0;
    try {
      while (at < chunk.length && !this.failure) {
        if (this.largeBytes > 0) {
          const to = Math.min(chunk.length, at + this.largeBytes);
          this.sink.piece(chunk, at, to);
          this.largeBytes -= to - at;
          at = to;
          if (this.largeBytes === 0 && this.largeEnds) this.endLargeRow();
          continue;
        }
        if (this.heldBytes > 0) {
          at = this.complete(chunk, at);
          continue;
        }
        const left = chunk.length - at;
        if (left < 4) {
          this.hold(chunk, at);
          return;
        }
        const length = lengthAt(chunk, at);
        if (this.isLarge(length)) {
          at += 4;
          this.beginLarge(length);
        } else if (left < 4 + length) {
          this.hold(chunk, at);
          return;
        } else {
          this.packet(chunk, at + 4, at + 4 + length);
          at += 4 + length;
        }
      }
    } catch (error) {
      this.destroy(error as Error);
    }
  }

  /** Continues a packet whose beginning is held. Returns how far it has read. */
  private complete(chunk: Buffer, from: number): number {
    let at = from;
    if (this.heldBytes < 4) {
      const take = Math.min(4 - this.heldBytes, chunk.length - at);
      chunk.copy(this.held, this.heldBytes, at, at + take);
      this.heldBytes += take;
      at += take;
      if (this.heldBytes < 4) return at;
      const length = lengthAt(this.held, 0);
      if (this.isLarge(length)) {
        this.heldBytes = 0;
        this.beginLarge(length);
        return at;
      }
    }
    const whole = 4 + lengthAt(this.held, 0);
    const take = Math.min(whole - this.heldBytes, chunk.length - at);
    this.reserve(whole);
    chunk.copy(this.held, this.heldBytes, at, at + take);
    this.heldBytes += take;
    at += take;
    if (this.heldBytes === whole) {
      this.heldBytes = 0;
      this.packet(this.held, 4, whole);
    }
    return at;
  }

  private hold(chunk: Buffer, at: number): void {
    this.heldBytes = chunk.length - at;
    this.reserve(this.heldBytes);
    chunk.copy(this.held, 0, at);
  }

  private reserve(bytes: number): void {
    if (this.held.length >= bytes) return;
    const larger = Buffer.allocUnsafe(Math.max(bytes, this.held.length * 2));
    this.held.copy(larger, 0, 0, this.heldBytes);
    this.held = larger;
  }

  private isLarge(length: number): boolean {
    return this.inLargeRow || (this.phase === "rows" && length > wholeRowBytes);
  }

  private beginLarge(length: number): void {
    if (!this.inLargeRow) {
      this.inLargeRow = true;
      this.sink.beginLargeRow();
    }
    this.largeBytes = length;
    this.largeEnds = length < fullPacket;
    if (length === 0) this.endLargeRow();
  }

  private endLargeRow(): void {
    this.inLargeRow = false;
    this.sink.endLargeRow();
  }

  private get sink(): RowSink {
    return (this.expected[0] as Expected & { kind: "rows" }).sink;
  }

  private packet(buffer: Buffer, from: number, to: number): void {
    const expected = this.expected[0];
    if (!expected) throw new LinkError(this.side, "the server sent an unexpected answer");
    const first = buffer[from];
    if (this.phase === "rows") {
      if (first === 0xfe && to - from < 9)
        this.finish(() => (expected as Expected & { kind: "rows" }).resolve());
      else if (first === 0xff) this.refuse(expected, buffer.subarray(from, to));
      else (expected as Expected & { kind: "rows" }).sink.row(buffer, from, to);
      return;
    }
    if (this.phase === "columns") {
      this.skipDefinition(expected, first === 0xfe && to - from < 9);
      return;
    }
    const payload = buffer.subarray(from, to);
    if (first === 0xff) this.refuse(expected, payload);
    else if (expected.kind === "prepared") {
      this.prepared = { id: payload.readUInt32LE(1), parameters: payload.readUInt16LE(7) };
      // Definitions of parameters and of columns each end with a separate packet.
      this.toSkip = (payload.readUInt16LE(5) > 0 ? 1 : 0) + (this.prepared.parameters > 0 ? 1 : 0);
      if (this.toSkip > 0) this.phase = "columns";
      else this.finish(() => expected.resolve(this.prepared));
    } else if (first === 0x00) {
      const ok = readOk(payload);
      this.finish(() => (expected.kind === "ok" ? expected.resolve(ok) : expected.resolve()));
    } else if (expected.kind === "rows" && lengthBytes(first as number) > 0) {
      this.toSkip = 1;
      this.phase = "columns";
    } else throw new LinkError(this.side, "the server sent unexpected rows");
  }

  private skipDefinition(expected: Expected, isEnd: boolean): void {
    if (!isEnd || --this.toSkip > 0) return;
    if (expected.kind === "rows") this.phase = "rows";
    else this.finish(() => (expected as Expected & { kind: "prepared" }).resolve(this.prepared));
  }

  private refuse(expected: Expected, payload: Buffer): void {
    const error = readError(this.side, payload);
    this.finish(() => expected.reject(error));
  }

  private finish(tell: () => void): void {
    this.phase = "head";
    this.expected.shift();
    tell();
  }
}

function lengthAt(buffer: Buffer, at: number): number {
  return (buffer[at] as number) | ((buffer[at + 1] as number) << 8) | ((buffer[at + 2] as number) << 16);
}

/**
 * Adds a capability to the client's first packet, whose layout is fixed: after the header, 4 bytes of capabilities, 4
 * of a size, 1 of a character set and 19 reserved. mysql2 knows the capability but never requests it.
 */
function askForBulk(stream: Duplex): void {
  const write = stream.write;
  stream.write = ((packet: Buffer, ...rest: unknown[]) => {
    stream.write = write;
    packet[32] = (packet[32] as number) | bulkCapability;
    packet[4] = (packet[4] as number) & ~1;
    return (write as (...all: unknown[]) => boolean).call(stream, packet, ...rest);
  }) as typeof stream.write;
}
