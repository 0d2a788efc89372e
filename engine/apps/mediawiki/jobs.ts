import type { MoveSpec, Side } from "../../move";
import { runInContainer } from "../../runtime/docker/exec";
import type { EngineSession } from "../../session";

export interface JobsSpec {
  blue: { web: Pick<MoveSpec["blue"]["web"], "ssh" | "jobs"> };
  green: Pick<MoveSpec["green"], "jobs">;
}

/** Stops the job runners of a side. Returns when the job under way has ended. */
export async function stopJobs(move: EngineSession<JobsSpec>, side: Side): Promise<void> {
  const { blue, green } = move.spec;
  if (side === "blue") await (await move.pool.to(blue.web.ssh)).run(blue.web.jobs.stop);
  else await runInContainer(green.jobs, ["wiki-jobs", "pause"], move.pool);
}

export async function startJobs(move: EngineSession<JobsSpec>, side: Side): Promise<void> {
  const { blue, green } = move.spec;
  if (side === "blue") await (await move.pool.to(blue.web.ssh)).run(blue.web.jobs.start);
  else await runInContainer(green.jobs, ["wiki-jobs", "resume"], move.pool);
}
