import { setTimeout as sleep } from "node:timers/promises";
import { messageOf, WikiferryError } from "../../../../errors";
import { dockerFor } from "../../../../runtime/docker/engine";
import type { CopyContext } from "../context";
import { copyState } from "../state";
import { sweepIncoming } from "./incoming";

/** How long green may take to answer with the new data, in milliseconds. */
const startMs = 300_000;
/** After this many milliseconds the tool starts a container that nobody else restarts. */
const stoppedMs = 5_000;

/**
 * Stops green's server, so that Docker restarts its container by its restart policy, whether the tool is alive or not.
 * The entrypoint replaces the old data with the new. Returns once green answers with them. The container is the same
 * one as before, so nothing has drifted from what was declared.
 * @throws `COPY_NOT_PLACED`
 */
export async function swapIn(ctx: CopyContext, gtid: string): Promise<void> {
  const { green, report } = ctx;
  report({ step: "copy", message: "green's MariaDB starts with the copied files", percent: 99 });
  await green.run("SHUTDOWN");
  await green.close();
  await untilPlaced(ctx, gtid);
}

async function untilPlaced(ctx: CopyContext, gtid: string): Promise<void> {
  const began = performance.now();
  const end = began + startMs;
  for (;;) {
    const problem = await whatIsWrong(ctx, gtid);
    if (problem === undefined) return;
    if (performance.now() > end) {
      throw new WikiferryError(
        "COPY_NOT_PLACED",
        `green's MariaDB did not answer with the copied files within ${startMs / 1000} s (${problem})`,
        "See the log of green's container. Its old data is in .wikiferry-copy/before of its volume",
      );
    }
    if (performance.now() > began + stoppedMs) await startAgain(ctx);
    await sleep(25);
  }
}

async function startAgain({ spec, pool }: CopyContext): Promise<void> {
  const { container: name, dockerVia } = spec.green.database;
  const container = dockerFor(dockerVia, pool).getContainer(name);
  const { State } = await container.inspect();
  if (!State.Running && !State.Restarting) await container.start();
}

async function whatIsWrong(ctx: CopyContext, gtid: string): Promise<string | undefined> {
  try {
    const state = await copyState(ctx.green);
    if (state.state !== "copied") return `its record says ${state.state}`;
    const at = await ctx.green.value("SELECT @@GLOBAL.gtid_slave_pos");
    return state.gtid === gtid ? undefined : `it stands at ${at}, wanted ${gtid}`;
  } catch (error) {
    return messageOf(error);
  }
}

/** Removes green's old data, and any remains of a copy, once the new data are served. */
export async function forgetOld(ctx: CopyContext): Promise<void> {
  await sweepIncoming(ctx);
}
