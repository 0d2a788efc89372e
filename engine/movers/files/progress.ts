import { setTimeout as sleep } from "node:timers/promises";
import { size } from "../../format";
import type { Report } from "../../progress";

/** The step's name in what is reported. */
export const step = "uploads";

/** How often the target's size is looked at, in milliseconds. */
const lookMs = 2_000;

interface Look {
  bytes: number;
  atMs: number;
}

/**
 * Reports the progress of a pass until it has ended.
 * @param targetBytes Size of what is on the target, in bytes.
 */
export async function during<T>(
  pass: Promise<T>,
  totalBytes: number,
  targetBytes: () => Promise<number>,
  report: Report,
): Promise<T> {
  const ended = new AbortController();
  const watching = watch(totalBytes, targetBytes, report, ended.signal);
  try {
    return await pass;
  } finally {
    ended.abort();
    await watching;
  }
}

async function watch(
  totalBytes: number,
  targetBytes: () => Promise<number>,
  report: Report,
  ended: AbortSignal,
): Promise<void> {
  let first: Look | undefined;
  for (;;) {
    await sleep(lookMs, undefined, { signal: ended }).catch(() => {});
    if (ended.aborted) return;
    const bytes = await targetBytes().catch(() => 0);
    // The end of the pass has been reported meanwhile.
    if (ended.aborted) return;
    const now = { bytes, atMs: performance.now() };
    report({ step, ...passProgress(totalBytes, now, first) });
    first ??= now;
  }
}

/** Progress of a pass: percent, and rate and time left since the first look. Pure. */
export function passProgress(
  totalBytes: number,
  now: Look,
  first?: Look,
): { message: string; percent: number } {
  const percent = totalBytes > 0 ? Math.min(99, (100 * now.bytes) / totalBytes) : 99;
  const perMs = first && now.atMs > first.atMs ? (now.bytes - first.bytes) / (now.atMs - first.atMs) : 0;
  const left =
    perMs > 0
      ? `, ${size(perMs * 1000)}/s, ${Math.ceil(Math.max(0, totalBytes - now.bytes) / perMs / 1000)} s left`
      : "";
  return { message: `${size(now.bytes)} of ${size(totalBytes)}${left}`, percent };
}
