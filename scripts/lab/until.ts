import { setTimeout as sleep } from "node:timers/promises";

/** Asks until the answer is neither false nor an error, and returns it. */
export async function until<T>(what: string, ask: () => Promise<T | false>, timeoutMs = 60_000): Promise<T> {
  const end = Date.now() + timeoutMs;
  let problem: unknown;
  while (Date.now() < end) {
    try {
      const answer = await ask();
      if (answer !== false) return answer;
    } catch (error) {
      problem = error;
    }
    await sleep(50);
  }
  throw new Error(`${what}: not within ${timeoutMs} ms`, { cause: problem });
}
