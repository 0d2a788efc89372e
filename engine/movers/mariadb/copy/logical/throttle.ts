import { setTimeout as sleep } from "node:timers/promises";

/** Slows a copy down: to a byte rate, and while the source is busy. All workers share one. */
export class Throttle {
  /** When the bytes read so far would have been allowed, by the monotonic clock, in milliseconds. */
  private allowedAt = performance.now();
  private busy: Promise<void> | undefined;
  private idle: (() => void) | undefined;

  /** @param maxBytesPerSecond 0 means no limit. */
  constructor(private readonly maxBytesPerSecond: number) {}

  /** What to wait for after reading `bytes`; undefined if nothing. */
  pause(bytes: number): Promise<unknown> | undefined {
    const waits: Promise<unknown>[] = [];
    if (this.maxBytesPerSecond > 0) {
      const now = performance.now();
      this.allowedAt = Math.max(this.allowedAt, now - 100) + (bytes / this.maxBytesPerSecond) * 1000;
      if (this.allowedAt > now) waits.push(sleep(this.allowedAt - now, undefined, { ref: false }));
    }
    if (this.busy) waits.push(this.busy);
    return waits.length === 0 ? undefined : Promise.all(waits);
  }

  /** Whether anyone waits for the source's load to fall. */
  get resting(): boolean {
    return this.busy !== undefined;
  }

  /** From now on everyone waits until it is set to false. */
  set sourceIsBusy(is: boolean) {
    if (is && !this.busy) {
      this.busy = new Promise((resolve) => {
        this.idle = resolve;
      });
    } else if (!is && this.busy) {
      this.busy = undefined;
      this.idle?.();
    }
  }
}
