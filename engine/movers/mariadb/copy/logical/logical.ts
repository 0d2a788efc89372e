import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { messageOf, WikiferryError } from "../../../../errors";
import type { CopyContext } from "../context";
import type { CopyMethod } from "../method";
import { sweepIncoming } from "../physical/incoming";
import { DefinitionsChanged, mayPass, named } from "./failures";
import { readPlan } from "./plan";
import { type LogicalContext, Run } from "./run";

/** How long a connection may be lost before the copy gives up, in milliseconds. */
const patienceMs = 180_000;
/** How often tables may change during a copy before it gives up. */
const mostRestarts = 3;

/**
 * Several sessions read rows from one state of blue's data and write them to green as they arrive, in pieces. Each
 * piece is one transaction together with its record. Indexes are added after a table's rows. After a kill or a lost
 * connection, the copy continues after the last piece, from a newer state of blue's data; green then applies blue's
 * stream from the first state to the last.
 */
export const logical: CopyMethod = {
  name: "logical",
  async copy(ctx: LogicalContext, claimed) {
    await claimed;
    // Remains of a physical copy must never replace what this one writes.
    await sweepIncoming(ctx);
    const owner = randomUUID();
    let restarts = 0;
    let lostAt: number | undefined;
    for (;;) {
      const run = new Run(ctx, owner);
      try {
        return await run.go();
      } catch (error) {
        await run.end();
        if (error instanceof DefinitionsChanged && restarts < mostRestarts) {
          restarts++;
          ctx.report({ step: "copy", message: `tables changed on blue, reading them again: ${error.what}` });
          continue;
        }
        if (!mayPass(error)) throw named(error);
        if (run.progressed) lostAt = undefined;
        lostAt ??= performance.now();
        if (performance.now() > lostAt + patienceMs) throw named(error);
        ctx.report({ step: "copy", message: `waiting for a connection: ${messageOf(error)}` });
        await sleep(1000);
        await refuseIfTakenOver(ctx, owner);
      }
    }
  },
};

/** Another run that took over ends this one's sessions, which looks like a lost connection. */
async function refuseIfTakenOver({ green }: CopyContext, owner: string): Promise<void> {
  const plan = await readPlan(green).catch(() => undefined);
  if (!plan || plan.owner === owner) return;
  throw new WikiferryError(
    "COPY_TAKEN_OVER",
    "another run has taken over this copy",
    "Let it end. Only one run copies at a time",
  );
}
