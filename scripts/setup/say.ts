import { messageOf } from "../../engine/errors";

/** One progress line of the set-up. On stderr, because a script's stdout is for its result. */
export function say(line: string): void {
  process.stderr.write(`setup: ${line}\n`);
}

/** A duration in seconds; with tenths below ten. */
export function seconds(ms: number): string {
  return ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`;
}

/** Reports the start of a step, again every 30 s while it lasts, and how long it took. */
export async function step<T>(what: string, work: () => Promise<T>): Promise<T> {
  const startedMs = Date.now();
  say(`${what} ...`);
  const timer = setInterval(() => say(`${what}, ${seconds(Date.now() - startedMs)} so far`), 30_000);
  try {
    const result = await work();
    say(`${what}: done in ${seconds(Date.now() - startedMs)}`);
    return result;
  } catch (error) {
    say(`${what}: failed after ${seconds(Date.now() - startedMs)} (${messageOf(error).split("\n")[0]})`);
    throw error;
  } finally {
    clearInterval(timer);
  }
}
