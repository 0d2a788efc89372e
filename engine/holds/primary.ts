import type { Move } from "../context";
import { readRole } from "../mariadb/control/role";
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
  async read({ blue, green }, { writePauseMs, lastFlip }) {
    // The replicated record is newest where the epoch is highest.
    const records = await Promise.all([blue, green].map((server) => readRole(server).catch(() => undefined)));
    const newest = records.filter((record) => record !== undefined).sort((a, b) => b.epoch - a.epoch)[0];
    return newest && { primary: newest.role, epoch: newest.epoch, writePauseMs, lastFlip };
  },
  async remove() {},
  stillHolds: (inputs, outputs) => inputs.active === outputs.primary,
};
