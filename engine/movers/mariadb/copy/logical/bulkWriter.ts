import type { LargeRows } from "./largeRows";
import type { Throttle } from "./throttle";
import { fullPacket, lengthBytes, type Ok, readLength } from "./wire/packets";
import type { Prepared, RowSink, Wire } from "./wire/wire";

const comBulkExecute = 0xfa;
const sendsTypes = 128;
/** MYSQL_TYPE_BLOB: bytes with a length prefix, in no character set. */
const typeBlob = 252;
/** Indicators before each value. */
const isValue = 0;
const isNull = 1;

/** A statement is sent once it has this many bytes. */
const statementBytes = 512 * 1024;
/** Space for it, and for one more row of the size that a wire passes on whole. */
const bufferBytes = 1280 * 1024;
/** Number of buffers that are reused: as many as can be under way at a time, so that none is allocated again. */
const keptBuffers = 8;
/** Bytes sent and not answered: above the first value the source pauses, below the second it continues. */
const highBacklogBytes = 3 * 1024 * 1024;
const lowBacklogBytes = 1536 * 1024;

/** Why the source pauses, as bits; any of them suffices. */
const forBacklog = 1;
const forLargeRow = 2;
const forThrottle = 4;

/**
 * Turns rows as they are on the source's wire into bulk INSERTs on the target's. A value has the same bytes in a row of
 * the text protocol and as a parameter of a bulk statement, length first. So nothing is parsed, converted or escaped:
 * the target gets what the source stores. Statements are sent without waiting for the answers to earlier ones, until
 * there are too many; then the source pauses. https://mariadb.com/kb/en/com_stmt_bulk_execute/
 */
export class BulkWriter implements RowSink {
  /** Since `begin` or the last `cut`. */
  rows = 0;
  bytes = 0;
  /** Warnings of the statements with rows: a value may have been changed. */
  warnings = 0;
  /** Called after a row once `cutBytes` are reached. The writer has sent everything then. */
  onCut: (() => void) | undefined;
  cutBytes = Number.POSITIVE_INFINITY;
  failure: Error | undefined;

  private statement: Prepared = { id: 0, parameters: 0 };
  private keyColumns: readonly number[] = [];
  private readonly free: Buffer[] = [];
  private out: Buffer = Buffer.alloc(0);
  private used = 0;
  private headBytes = 0;
  private lastRowAt = -1;
  private lastKey: Buffer[] | undefined;
  private backlogBytes = 0;
  private waiting = 0;
  private onIdle: (() => void) | undefined;
  private rests = 0;
  private readonly large: LargeRow;

  constructor(
    private readonly source: Wire,
    private readonly target: Wire,
    private readonly throttle: Throttle,
    largeRows: LargeRows,
    /** Receives how many bytes and rows have been sent. */
    private readonly onSent: (bytes: number, rows: number) => void = () => {},
  ) {
    this.large = new LargeRow(largeRows, target, {
      rest: () => this.rest(forLargeRow),
      goOn: () => this.goOn(forLargeRow),
      sent: () => this.expectOk(0),
    });
  }

  /** From now on rows go into `statement`, whose parameters are all columns; `keyColumns` are those of the key. */
  begin(statement: Prepared, keyColumns: readonly number[]): void {
    this.statement = statement;
    this.keyColumns = keyColumns;
    this.lastKey = undefined;
    this.headBytes = 11 + 2 * statement.parameters;
    this.takeBuffer();
  }

  row(buffer: Buffer, from: number, to: number): void {
    const columns = this.statement.parameters;
    if (this.used + (to - from) + columns > bufferBytes) this.flush();
    const out = this.out;
    let at = this.used;
    this.lastRowAt = at;
    let p = from;
    for (let column = 0; column < columns; column++) {
      const first = buffer[p] as number;
      if (first === 0xfb) {
        out[at++] = isNull;
        p++;
        continue;
      }
      out[at++] = isValue;
      if (first < 64) {
        // A call costs more than copying a few bytes.
        for (const end = p + first; p <= end; ) out[at++] = buffer[p++] as number;
        continue;
      }
      const size =
        first < 0xfb
          ? 1 + first
          : first === 0xfc
            ? 3 + ((buffer[p + 1] as number) | ((buffer[p + 2] as number) << 8))
            : 4 +
              ((buffer[p + 1] as number) |
                ((buffer[p + 2] as number) << 8) |
                ((buffer[p + 3] as number) << 16));
      buffer.copy(out, at, p, p + size);
      at += size;
      p += size;
    }
    this.used = at;
    this.rows++;
    this.bytes += to - from;
    if (at >= statementBytes) this.flush();
    if (this.bytes >= this.cutBytes) this.onCut?.();
  }

  beginLargeRow(): void {
    this.flush();
    this.large.begin(this.keyColumns, this.head());
  }

  piece(buffer: Buffer, from: number, to: number): void {
    this.bytes += to - from;
    this.large.piece(buffer, from, to);
  }

  endLargeRow(): void {
    this.rows++;
    this.lastKey = this.large.end();
    this.onSent(this.large.rowBytes, 1);
    this.slowDown(this.large.rowBytes);
    if (this.bytes >= this.cutBytes) this.onCut?.();
  }

  /** Whether it deliberately makes the source wait. */
  get throttled(): boolean {
    return (this.rests & forThrottle) !== 0;
  }

  /** Sends what has been collected. */
  flush(): void {
    if (this.used === this.headBytes) return;
    this.rememberKey();
    const { out, used } = this;
    writeHeader(out, used - 4, 0);
    this.target.write(out.subarray(0, used), () => {
      if (this.free.length < keptBuffers) this.free.push(out);
    });
    this.expectOk(used);
    this.onSent(used, 0);
    this.takeBuffer();
    this.slowDown(used);
  }

  /** The key of the last row, each column's bytes; undefined before the first row. Call `flush` first. */
  get key(): Buffer[] | undefined {
    return this.lastKey;
  }

  /** A statement without parameters, in order with the rows. `settled` reports its failure. */
  run(sql: string): void {
    this.waiting++;
    this.target.run(sql).then(
      () => this.answered(0),
      (error) => this.fail(error),
    );
  }

  /** Returns when everything that was sent has been answered. @throws the first failure */
  async settled(): Promise<void> {
    if (this.waiting > 0 && !this.failure) {
      await new Promise<void>((resolve) => {
        this.onIdle = resolve;
      });
    }
    if (this.failure) throw this.failure;
  }

  private head(): Buffer {
    const head = Buffer.alloc(this.headBytes);
    head[4] = comBulkExecute;
    head.writeUInt32LE(this.statement.id, 5);
    head.writeUInt16LE(sendsTypes, 9);
    for (let column = 0; column < this.statement.parameters; column++) head[11 + 2 * column] = typeBlob;
    return head;
  }

  private takeBuffer(): void {
    this.out = this.free.pop() ?? Buffer.allocUnsafeSlow(bufferBytes);
    this.head().copy(this.out);
    this.used = this.headBytes;
    this.lastRowAt = -1;
  }

  private rememberKey(): void {
    if (this.lastRowAt < 0) return;
    const values: Buffer[] = [];
    let at = this.lastRowAt;
    for (let column = 0; column < this.statement.parameters; column++) {
      if (this.out[at++] === isNull) {
        values.push(Buffer.alloc(0));
        continue;
      }
      const { value, next } = readLength(this.out, at);
      values.push(this.out.subarray(next, next + value));
      at = next + value;
    }
    this.lastKey = this.keyColumns.map((column) => Buffer.from(values[column] as Buffer));
  }

  private expectOk(bytes: number): void {
    this.waiting++;
    this.backlogBytes += bytes;
    if (this.backlogBytes > highBacklogBytes) this.rest(forBacklog);
    this.target.ok().then(
      (ok) => this.took(ok, bytes),
      (error) => this.fail(error),
    );
  }

  private took({ warnings }: Ok, bytes: number): void {
    this.backlogBytes -= bytes;
    if (this.backlogBytes < lowBacklogBytes) this.goOn(forBacklog);
    this.answered(warnings);
  }

  private answered(warnings: number): void {
    this.warnings += warnings;
    if (--this.waiting === 0) this.idle();
  }

  private idle(): void {
    const tell = this.onIdle;
    this.onIdle = undefined;
    tell?.();
  }

  private fail(error: Error): void {
    if (this.failure) return;
    this.failure = error;
    this.idle();
    // The reader must not wait for a target that accepts no more.
    this.source.destroy(error);
  }

  private slowDown(bytes: number): void {
    const rest = this.throttle.pause(bytes);
    if (!rest) return;
    this.rest(forThrottle);
    rest.then(() => this.goOn(forThrottle));
  }

  private rest(reason: number): void {
    if (this.rests === 0) this.source.pause();
    this.rests |= reason;
  }

  private goOn(reason: number): void {
    if ((this.rests & reason) === 0) return;
    this.rests &= ~reason;
    if (this.rests === 0) this.source.resume();
  }
}

function writeHeader(buffer: Buffer, length: number, sequence: number): void {
  buffer[0] = length & 0xff;
  buffer[1] = (length >> 8) & 0xff;
  buffer[2] = length >> 16;
  buffer[3] = sequence & 0xff;
}

/** One row that is passed on as it arrives, in packets of the largest size. */
class LargeRow {
  rowBytes = 0;
  private column = 0;
  private keyColumns: readonly number[] = [];
  private key: Buffer[] = [];
  /** The bytes of a value's length prefix that have arrived so far. */
  private readonly length = Buffer.alloc(9);
  private lengthHas = 0;
  private valueLeft = 0;
  private out: Buffer | undefined;
  private used = 0;
  private sequence = 0;
  /** What arrived while the row waited for its turn. */
  private early: Buffer[] | undefined;
  /** What arrived while the buffer was being sent. */
  private locked = false;
  private readonly overflow: Buffer[] = [];
  /** The whole row arrived while it waited. */
  private ended = false;
  /** Each of them pauses the source: waiting for the turn, and sending buffers. */
  private holds = 0;

  constructor(
    private readonly largeRows: LargeRows,
    private readonly target: Wire,
    private readonly writer: { rest(): void; goOn(): void; sent(): void },
  ) {}

  begin(keyColumns: readonly number[], head: Buffer): void {
    this.rowBytes = 0;
    this.column = 0;
    this.keyColumns = keyColumns;
    this.key = keyColumns.map(() => Buffer.alloc(0));
    this.lengthHas = 0;
    this.valueLeft = 0;
    this.sequence = 0;
    this.used = 0;
    this.ended = false;
    const bytes = Buffer.from(head.subarray(4));
    this.out = this.largeRows.tryTake();
    if (this.out) {
      this.used = 4;
      this.put(bytes, 0, bytes.length);
      return;
    }
    this.early = [];
    this.hold();
    this.largeRows.take().then((buffer) => {
      this.out = buffer;
      this.used = 4;
      this.put(bytes, 0, bytes.length);
      const early = this.early ?? [];
      this.early = undefined;
      for (const piece of early) this.parse(piece, 0, piece.length);
      if (this.ended) this.send();
      this.release();
    });
  }

  piece(buffer: Buffer, from: number, to: number): void {
    this.rowBytes += to - from;
    if (this.early) this.early.push(Buffer.from(buffer.subarray(from, to)));
    else this.parse(buffer, from, to);
  }

  end(): Buffer[] {
    if (this.early) this.ended = true;
    else this.send();
    return this.key;
  }

  private parse(buffer: Buffer, from: number, to: number): void {
    let at = from;
    while (at < to) {
      if (this.valueLeft > 0) {
        const end = Math.min(to, at + this.valueLeft);
        this.put(buffer, at, end);
        const key = this.keyColumns.indexOf(this.column);
        if (key >= 0) this.key[key] = Buffer.concat([this.key[key] as Buffer, buffer.subarray(at, end)]);
        this.valueLeft -= end - at;
        at = end;
        if (this.valueLeft === 0) this.column++;
        continue;
      }
      this.length[this.lengthHas++] = buffer[at++] as number;
      const first = this.length[0] as number;
      if (first === 0xfb) {
        this.putByte(isNull);
        this.lengthHas = 0;
        this.column++;
      } else if (this.lengthHas === lengthBytes(first)) {
        this.putByte(isValue);
        this.put(this.length, 0, this.lengthHas);
        this.valueLeft = readLength(this.length, 0).value;
        this.lengthHas = 0;
        if (this.valueLeft === 0) this.column++;
      }
    }
  }

  private putByte(value: number): void {
    this.put(Buffer.from([value]), 0, 1);
  }

  private put(bytes: Buffer, from: number, to: number): void {
    let at = from;
    while (at < to) {
      if (this.locked) {
        this.overflow.push(Buffer.from(bytes.subarray(at, to)));
        return;
      }
      const out = this.out as Buffer;
      const end = Math.min(to, at + (4 + fullPacket - this.used));
      bytes.copy(out, this.used, at, end);
      this.used += end - at;
      at = end;
      if (this.used === 4 + fullPacket) this.packet();
    }
  }

  /** Sends the full buffer. The source pauses until it can be filled again. */
  private packet(): void {
    const out = this.out as Buffer;
    writeHeader(out, fullPacket, this.sequence++);
    this.locked = true;
    this.hold();
    this.target.write(out.subarray(0, 4 + fullPacket), () => {
      this.locked = false;
      this.used = 4;
      for (const bytes of this.overflow.splice(0)) this.put(bytes, 0, bytes.length);
      this.release();
    });
  }

  /** The last packet, which is shorter than the largest, or empty. Sent at once, because other rows may follow. */
  private send(): void {
    const out = this.locked
      ? Buffer.concat([Buffer.alloc(4), ...this.overflow.splice(0)])
      : (this.out as Buffer).subarray(0, this.used);
    writeHeader(out, out.length - 4, this.sequence);
    this.out = undefined;
    this.hold();
    this.target.write(out, () => {
      this.largeRows.give();
      this.release();
    });
    this.writer.sent();
  }

  private hold(): void {
    if (this.holds++ === 0) this.writer.rest();
  }

  private release(): void {
    if (--this.holds === 0) this.writer.goOn();
  }
}
