import type { Move } from "../context";
import { likelyPrimary } from "../control/primary";
import { readRoles } from "../mariadb/control/primary";
import type { FlipResult } from "../mariadb/cutover/context";
import { cutover, recover } from "../mariadb/cutover/cutover";
import { otherSide, type Side } from "../move";
import { withCutover } from "../wiki/flip";
import type { Hold, HoldInputs } from "./hold";
import { seeSchema } from "./replication";

interface Inputs extends HoldInputs {
  active: Side;
}

interface Outputs {
  primary: Side;
  epoch: number;
  writePauseMs: number;
  /** The last flip, for the report. */
  lastFlip: FlipResult | null;
}

async function makePrimary(move: Move, { active }: Inputs, before?: Outputs): Promise<Outputs> {
  return withCutover(move, async (ctx) => {
    const { primary, epoch } = await recover(ctx);
    if (primary === active) {
      await ctx.surroundings.resume(active);
      return { ...(before ?? { writePauseMs: 0, lastFlip: null }), primary, epoch };
    }
    // A change that can't be told is no reason against a flip; the guardrails compare both schemas.
    await seeSchema(move, active).catch(() => {});
    const flip = await cutover(ctx, { from: otherSide(active), to: active });
    return { primary: active, epoch: flip.epoch, writePauseMs: flip.writePauseMs, lastFlip: flip };
  });
}

/** The side whose database takes writes. Another wanted side is the cutover or the switchback. */
export const hold: Hold<Inputs, Outputs> = {
  create: (move, inputs) => makePrimary(move, inputs),
  update: makePrimary,
  async read(move, { writePauseMs, lastFlip }) {
    const views = await readRoles(move);
    const found = likelyPrimary(views);
    if (found) return { primary: found.side, epoch: found.record.epoch, writePauseMs, lastFlip };
    // A server that gives no answer is no reason to forget who is primary.
    const failure = Object.values(views).find((view) => view instanceof Error);
    if (failure) throw failure;
    return undefined;
  },
  async remove() {},
  stillHolds: (inputs, outputs) => inputs.active === outputs.primary,
};
