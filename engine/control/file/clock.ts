import { readFileSync } from "node:fs";

/** The clock for leases in a file. */
export interface Clock {
  /** Identifies one boot of this machine. */
  readonly bootId: string;
  /** Milliseconds since this machine booted: the same for all its processes, and nobody can set it. */
  sinceBootMs(): number;
  /** Milliseconds since 1970, for people. */
  now(): number;
}

/** CLOCK_MONOTONIC, which containers share with their host. */
export const systemClock: Clock = {
  bootId: readBootId(),
  sinceBootMs: () => Number(process.hrtime.bigint() / 1_000n) / 1_000,
  now: () => Date.now(),
};

/** Without Linux's file an earlier boot is still noticed: the clock is then before the time in the record. */
function readBootId(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return "unknown";
  }
}
