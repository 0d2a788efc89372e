import type { Server } from "../../server";
import type { Throttle } from "./throttle";

/** More threads than these at work on blue, our own left out, and the copy rests. */
export const mostThreadsRunning = 25;
const lookMs = 1000;

/** Looks at blue's load once a second, and lets the copy rest while it is high. Answers how to stop it. */
export function watchLoad(blue: Server, throttle: Throttle): () => void {
  let looking = false;
  const timer = setInterval(async () => {
    if (looking) return;
    looking = true;
    try {
      const row = await blue.row<{ Value: string }>("SHOW GLOBAL STATUS LIKE 'Threads_running'");
      throttle.sourceIsBusy = Number(row?.Value ?? 0) > mostThreadsRunning;
    } catch {
      // The sessions that copy say what is wrong with blue.
    } finally {
      looking = false;
    }
  }, lookMs);
  return () => {
    clearInterval(timer);
    throttle.sourceIsBusy = false;
  };
}
