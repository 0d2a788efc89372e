import { setTimeout as wait } from "node:timers/promises";

/** Sleeps until the time is over or `signal` ends it; then false. */
export async function sleep(ms: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return false;
  try {
    await wait(ms, undefined, { signal });
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
}

/** A token bucket shared by several workers: `rate` a second on average, at most `burst` at once after a stall. */
export class TokenBucket {
  private nextAt = performance.now();

  constructor(
    private readonly rate: number,
    private readonly burst: number,
  ) {}

  /** Waits for a token; false when `signal` ended the wait. */
  take(signal: AbortSignal): Promise<boolean> {
    const now = performance.now();
    const stepMs = 1000 / this.rate;
    const slot = Math.max(this.nextAt, now - (this.burst - 1) * stepMs);
    this.nextAt = slot + stepMs;
    return sleep(Math.max(0, slot - now), signal);
  }
}
