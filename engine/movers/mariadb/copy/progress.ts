import { duration, size } from "../../../format";
import type { Report } from "../../../progress";

/** Reports a copy's progress once a second: percent of the estimate, bytes, rate, time left. */
export class CopyProgress {
  private readonly started = performance.now();
  private said = 0;

  constructor(
    private readonly estimatedBytes: number,
    private readonly report: Report,
  ) {}

  at(bytes: number): void {
    const now = performance.now();
    if (now - this.said < 1000) return;
    this.said = now;
    const { message, percent } = copyProgress(bytes, this.estimatedBytes, now - this.started);
    this.report({ step: "copy", message, percent });
  }
}

/** One line, and percent. An estimate that was too small ends at 99 %. */
export function copyProgress(
  bytes: number,
  estimatedBytes: number,
  elapsedMs: number,
): { message: string; percent: number } {
  const rate = elapsedMs > 0 ? bytes / elapsedMs : 0;
  const percent = Math.min(99, estimatedBytes > 0 ? Math.floor((bytes / estimatedBytes) * 100) : 0);
  const leftMs = rate > 0 ? Math.max(0, estimatedBytes - bytes) / rate : 0;
  return {
    percent,
    message: `${size(bytes)} of about ${size(Math.max(bytes, estimatedBytes))}, ${size(rate * 1000)}/s, ${duration(leftMs)} left`,
  };
}
