import type { Move } from "../context";
import { runInContainer } from "../docker/exec";
import type { Side } from "../move";

/** Stops the job runners of a side. Returns when the job under way has ended. */
export async function stopJobs(move: Move, side: Side): Promise<void> {
  const { blue, green } = move.spec;
  if (side === "blue") await (await move.pool.to(blue.web.ssh)).run(blue.web.jobs.stop);
  else await runInContainer(green.jobs, ["wiki-jobs", "pause"], move.pool);
}

export async function startJobs(move: Move, side: Side): Promise<void> {
  const { blue, green } = move.spec;
  if (side === "blue") await (await move.pool.to(blue.web.ssh)).run(blue.web.jobs.start);
  else await runInContainer(green.jobs, ["wiki-jobs", "resume"], move.pool);
}
