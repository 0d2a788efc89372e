import { fullPacket } from "./wire/packets";

/** Two buffers of the largest packet's size for all workers: one large row is on its way at a time. */
export class LargeRows {
  private buffers: [Buffer, Buffer] | undefined;
  private taken = false;
  private readonly queue: ((buffer: Buffer) => void)[] = [];

  /** A buffer if no other row is on its way. */
  tryTake(): Buffer | undefined {
    if (this.taken) return undefined;
    this.taken = true;
    return this.both()[0];
  }

  take(): Promise<Buffer> {
    const buffer = this.tryTake();
    if (buffer) return Promise.resolve(buffer);
    return new Promise((resolve) => this.queue.push(resolve));
  }

  /** The other of the two. */
  other(buffer: Buffer): Buffer {
    const [a, b] = this.both();
    return buffer === a ? b : a;
  }

  give(): void {
    const next = this.queue.shift();
    if (next) next(this.both()[0]);
    else this.taken = false;
  }

  private both(): [Buffer, Buffer] {
    this.buffers ??= [Buffer.allocUnsafeSlow(4 + fullPacket), Buffer.allocUnsafeSlow(4 + fullPacket)];
    return this.buffers;
  }
}
