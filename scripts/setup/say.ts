import { messageOf } from "../../engine/errors";
import { duration } from "../../engine/format";

/** One progress line of the set-up. On stderr, because a script's stdout is for its result. */
export function say(line: string): void {
  process.stderr.write(`setup: ${line}\n`);
}

/** Reports the start of a step, again every 30 s while it lasts, and how long it took. */
export async function step<T>(what: string, work: () => Promise<T>): Promise<T> {
  const startedMs = Date.now();
  say(`${what} ...`);
  const timer = setInterval(() => say(`${what}, ${duration(Date.now() - startedMs)} so far`), 30_000);
  try {
    const result = await work();
    say(`${what}: done in ${duration(Date.now() - startedMs)}`);
    return result;
  } catch (error) {
    say(`${what}: failed after ${duration(Date.now() - startedMs)} (${messageOf(error).split("\n")[0]})`);
    throw error;
  } finally {
    clearInterval(timer);
  }
}
