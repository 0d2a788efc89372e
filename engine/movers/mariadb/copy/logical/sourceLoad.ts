import type { Server } from "../../../../runtime/mariadb/server";
import type { Throttle } from "./throttle";

/** If more threads than this are running on blue, not counting our own, the copy pauses. */
export const mostThreadsRunning = 25;
const lookMs = 1000;

/** Checks blue's load once a second, and pauses the copy while it is high. Returns how to stop it. */
export function watchLoad(blue: Server, throttle: Throttle): () => void {
  let looking = false;
  const timer = setInterval(async () => {
    if (looking) return;
    looking = true;
    try {
      const row = await blue.row<{ Value: string }>("SHOW GLOBAL STATUS LIKE 'Threads_running'");
      throttle.sourceIsBusy = Number(row?.Value ?? 0) > mostThreadsRunning;
    } catch {
      // The copying sessions report what is wrong with blue.
    } finally {
      looking = false;
    }
  }, lookMs);
  return () => {
    clearInterval(timer);
    throttle.sourceIsBusy = false;
  };
}
