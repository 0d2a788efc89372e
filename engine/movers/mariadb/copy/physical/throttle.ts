import { Transform } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";

/** Passes bytes on unchanged, at most `maxBytesPerSecond`; 0 means no limit. */
export class Throttle extends Transform {
  private bytes = 0;
  private readonly started = performance.now();

  constructor(private readonly maxBytesPerSecond: number) {
    super({ highWaterMark: 1024 * 1024 });
  }

  override _transform(chunk: Buffer, _encoding: string, done: (error: null, chunk: Buffer) => void): void {
    this.bytes += chunk.length;
    const waitMs = aheadMs(this.bytes, performance.now() - this.started, this.maxBytesPerSecond);
    if (waitMs < 1) done(null, chunk);
    else void sleep(waitMs).then(() => done(null, chunk));
  }
}

/** How far `bytes` after `elapsedMs` are ahead of the rate, in milliseconds; 0 without a limit. */
export function aheadMs(bytes: number, elapsedMs: number, maxBytesPerSecond: number): number {
  if (maxBytesPerSecond === 0) return 0;
  return Math.max(0, (bytes / maxBytesPerSecond) * 1000 - elapsedMs);
}
