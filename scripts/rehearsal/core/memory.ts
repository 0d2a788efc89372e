import { processesUnder } from "./processes";

/** Samples the memory of this process and all its descendants: the tool itself, not the servers. */
export class MemoryWatch {
  peakBytes = 0;
  private readonly timer: NodeJS.Timeout;

  constructor(intervalMs = 500) {
    this.timer = setInterval(() => this.sample(), intervalMs);
    this.timer.unref();
  }

  stop(): number {
    clearInterval(this.timer);
    this.sample();
    return this.peakBytes;
  }

  private sample(): void {
    let bytes = 0;
    for (const { residentBytes } of processesUnder(process.pid).values()) bytes += residentBytes;
    this.peakBytes = Math.max(this.peakBytes, bytes);
  }
}
