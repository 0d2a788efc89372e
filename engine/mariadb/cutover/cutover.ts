import { messageOf, WikiferryError } from "../../errors";
import { otherSide, type Side } from "../../move";
import { answering } from "./answering";
import type { CutoverContext, FlipResult, StepTime } from "./context";
import type { Flip, Step } from "./flip";
import { findPrimary } from "./primary";
import { RunLease } from "./runLease";
import { describeSettled, settle } from "./settle";
import { gateTheLag } from "./steps/1-gate-the-lag";
import { declareTheIntent } from "./steps/2-declare-the-intent";
import { holdTheWrites } from "./steps/3-hold-the-writes";
import { fenceThePrimary } from "./steps/4-fence-the-primary";
import { readThePosition } from "./steps/5-read-the-position";
import { catchUp } from "./steps/6-catch-up";
import { reverseTheStream } from "./steps/8-reverse-the-stream";
import { commit } from "./steps/9-commit";
import { turnTheGate } from "./steps/10-turn-the-gate";

/** Numbered as in the design; 7 is the way back, `settle`. */
const steps: readonly Step[] = [
  gateTheLag,
  declareTheIntent,
  holdTheWrites,
  fenceThePrimary,
  readThePosition,
  catchUp,
  reverseTheStream,
  commit,
  turnTheGate,
];

/**
 * Makes `to` the primary: cutover and switchback alike. It first mends what a killed run left behind, so it can be
 * called again after a kill at any point; if `to` is the primary then, nothing more is done. An attempt that fails
 * before the commit is undone, and `from` takes writes again; after it, only forward.
 * @throws the cause of the failure, once it is undone
 */
export async function cutover(
  ctx: CutoverContext,
  { from, to }: { from: Side; to: Side },
): Promise<FlipResult> {
  const { lease, epoch, primary } = await takeOver(ctx, `flip from ${from} to ${to}`);
  try {
    if (primary === to) return nothingToDo(from, to, epoch);
    return await attempt(ctx, from, to, epoch, lease);
  } finally {
    await lease.release();
  }
}

/**
 * Brings the world to a clean state in which one side is the primary, as the record says. Called at the start of
 * every flip, it does nothing if all holds.
 * @returns who is the primary
 */
export async function recover(ctx: CutoverContext): Promise<{ primary: Side; epoch: number }> {
  const { lease, primary, epoch } = await takeOver(ctx, "recovery");
  await lease.release();
  return { primary, epoch };
}

async function takeOver(
  ctx: CutoverContext,
  purpose: string,
): Promise<{ lease: RunLease; primary: Side; epoch: number }> {
  const before = await findPrimary(ctx);
  const passive = otherSide(before.side);
  const lease = await RunLease.take(
    ctx,
    before.unreachable ? [before.side] : [before.side, passive],
    purpose,
  );
  try {
    // While the lease of another run was waited for, that run may have committed.
    const { side, epoch } = await findPrimary(ctx);
    const settled = await settle(ctx, side);
    if (settled.mended.length > 0) await note(ctx, side, "mended", { mended: settled.mended });
    if (settled.passiveFailure) throw settled.passiveFailure;
    return { lease, primary: side, epoch };
  } catch (error) {
    await lease.release();
    throw error;
  }
}

async function attempt(
  ctx: CutoverContext,
  from: Side,
  to: Side,
  epoch: number,
  lease: RunLease,
): Promise<FlipResult> {
  const times: StepTime[] = [];
  let current = "";
  const flip: Flip = {
    ctx,
    from,
    to,
    source: ctx.servers[from],
    target: ctx.servers[to],
    epoch,
    lease,
    hands: [],
    fenceGtid: "",
    heldAt: 0,
    fencedAt: 0,
    openedAt: 0,
    releasedAt: 0,
    say: (message) => ctx.report({ step: current, message }),
  };
  const timed = async (name: string, work: () => Promise<void>) => {
    current = name;
    flip.say(`${from} → ${to}`);
    const start = performance.now();
    try {
      await (flip.deadline ? flip.deadline.bound(name, work()) : work());
    } finally {
      times.push({ name, ms: round(performance.now() - start) });
    }
  };
  try {
    await timed("quiesce", () => ctx.surroundings.quiesce(from, to));
    for (const step of steps) await timed(step.name, () => step.run(flip));
  } catch (error) {
    await endHands(flip);
    await mendFailure(ctx, flip, current, error);
  }
  // From here on the flip is committed: what is left has no deadline.
  flip.deadline = undefined;
  await timed("settle", async () => void (await settleFully(ctx, to)));
  await endHands(flip);
  const result: FlipResult = {
    from,
    to,
    alreadyThere: false,
    writePauseMs: round((flip.releasedAt || performance.now()) - flip.fencedAt),
    fencedAtMs: Math.round(performance.timeOrigin + flip.fencedAt),
    readOnlyMs: round((flip.openedAt || performance.now()) - flip.fencedAt),
    holdMs: round((flip.releasedAt || performance.now()) - flip.heldAt),
    steps: times,
    fenceGtid: flip.fenceGtid,
    epoch: epoch + 1,
  };
  await note(ctx, to, "flipped", { ...result });
  return result;
}

/** Undoes a failed attempt and throws its cause; returns if the failure came after the commit. */
async function mendFailure(ctx: CutoverContext, flip: Flip, step: string, error: unknown): Promise<void> {
  // A beat to a machine that hangs never ends; one more beat does no harm.
  if (flip.heartbeat) await Promise.race([flip.heartbeat.stop(), pause(500)]);
  const { side } = await findPrimary(ctx).catch((unknown: unknown) => {
    throw new WikiferryError(
      "CUTOVER_UNDECIDED",
      `the flip failed at "${step}" (${messageOf(error)}), and whether it was committed can't be known: ${messageOf(unknown)}`,
      "Run again when both databases answer: it goes on from where the record stands",
      { cause: error },
    );
  });
  if (side === flip.to) {
    await note(ctx, flip.to, "failed after the commit, going forward", { step, error: messageOf(error) });
    return;
  }
  const settled = await settle(ctx, flip.from, { seeArrival: false });
  ctx.report({ step: "undo", message: describeSettled(settled) });
  await note(ctx, flip.from, "undone", { step, error: messageOf(error), mended: settled.mended });
  throw error;
}

async function settleFully(ctx: CutoverContext, active: Side): Promise<void> {
  const settled = await settle(ctx, active);
  if (settled.passiveFailure) {
    throw new WikiferryError(
      "CUTOVER_OLD_SIDE_AWAY",
      `${active} is the primary and serves; ${messageOf(settled.passiveFailure)}`,
      "When the other side is back, run again: it then follows",
    );
  }
}

/** Ends the attempt's sessions on the servers, too: a statement that still waits must not act after the undoing. */
async function endHands(flip: Flip): Promise<void> {
  await Promise.all(
    flip.hands.map(async ({ side, session, connectionId }) => {
      session.destroy();
      const killed = flip.ctx.servers[side].unlogged().then((own) => own.run(`KILL HARD ${connectionId}`));
      await Promise.race([killed.catch(() => {}), pause(500)]);
    }),
  );
  flip.hands = [];
}

async function note(
  ctx: CutoverContext,
  side: Side,
  event: string,
  detail: Record<string, unknown>,
): Promise<void> {
  // The journal tells; it decides nothing, so that it can't be written must not stop a rescue.
  const written = ctx.journal.append({ step: "cutover", side, event, detail });
  await answering(side, written).catch((error: unknown) => {
    ctx.report({ step: "journal", message: `not written: ${messageOf(error)}` });
  });
}

function nothingToDo(from: Side, to: Side, epoch: number): FlipResult {
  return {
    from,
    to,
    alreadyThere: true,
    writePauseMs: 0,
    fencedAtMs: 0,
    readOnlyMs: 0,
    holdMs: 0,
    steps: [],
    fenceGtid: "",
    epoch,
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
