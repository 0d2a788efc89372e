import { fullPacket } from "./wire/packets";

/** One buffer of the largest packet's size for all workers: only one large row is under way at a time. */
export class LargeRows {
  private buffer: Buffer | undefined;
  private taken = false;
  private readonly queue: ((buffer: Buffer) => void)[] = [];

  /** The buffer, if no other row is under way. */
  tryTake(): Buffer | undefined {
    if (this.taken) return undefined;
    this.taken = true;
    return this.only;
  }

  take(): Promise<Buffer> {
    const buffer = this.tryTake();
    return buffer ? Promise.resolve(buffer) : new Promise((resolve) => this.queue.push(resolve));
  }

  give(): void {
    const next = this.queue.shift();
    if (next) next(this.only);
    else this.taken = false;
  }

  private get only(): Buffer {
    this.buffer ??= Buffer.allocUnsafeSlow(4 + fullPacket);
    return this.buffer;
  }
}
