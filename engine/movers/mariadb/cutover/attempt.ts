import type { HeldLease } from "../../../control/heldLease";
import { messageOf } from "../../../errors";
import { otherSide, type Side } from "../../../move";
import type { CutoverContext, FlipResult, StepTime } from "./context";
import type { Flip, Step } from "./flip";
import type { AttemptStep } from "./protocol";
import { askTheGuardrails } from "./steps/0-ask-the-guardrails";
import { quiesce } from "./steps/0-quiesce";
import { gateTheLag } from "./steps/1-gate-the-lag";
import { declareTheIntent } from "./steps/2-declare-the-intent";
import { holdTheWrites } from "./steps/3-hold-the-writes";
import { fenceThePrimary } from "./steps/4-fence-the-primary";
import { readThePosition } from "./steps/5-read-the-position";
import { catchUp } from "./steps/6-catch-up";
import { reverseTheStream } from "./steps/8-reverse-the-stream";
import { commit } from "./steps/9-commit";
import { openTheNewPrimary } from "./steps/10-open-the-new-primary";
import { turnTheGate } from "./steps/11-turn-the-gate";

/** Numbered as in the design; 7 is the way back. The protocol defines their order. */
const steps = new Map<AttemptStep, Step>(
  [
    askTheGuardrails,
    quiesce,
    gateTheLag,
    declareTheIntent,
    holdTheWrites,
    fenceThePrimary,
    readThePosition,
    catchUp,
    reverseTheStream,
    commit,
    openTheNewPrimary,
    turnTheGate,
  ].map((step) => [step.name, step]),
);

/** One attempt to make the other side the primary: its steps, timed, and its deadline. */
export class Attempt {
  readonly times: StepTime[] = [];
  private readonly flip: Flip;
  private current = "";

  constructor(
    private readonly ctx: CutoverContext,
    from: Side,
    epoch: number,
    lease: HeldLease,
  ) {
    const to = otherSide(from);
    this.flip = {
      ctx,
      from,
      to,
      source: ctx.servers[from],
      target: ctx.servers[to],
      epoch,
      lease,
      sessions: [],
      fenceGtid: "",
      commitGtid: "",
      heldAt: 0,
      fencedAt: 0,
      openedAt: 0,
      releasedAt: 0,
      say: (message) => ctx.report({ step: this.current, message }),
    };
  }

  async perform(name: AttemptStep): Promise<void> {
    const step = steps.get(name);
    if (!step) throw new Error(`the protocol's step "${name}" is not there`);
    const { flip } = this;
    this.current = name;
    flip.say(`${flip.from} → ${flip.to}`);
    await this.timed(name, () => {
      const work = step.run(flip);
      return flip.deadline ? flip.deadline.bound(name, work) : work;
    });
  }

  async timed<T>(name: string, work: () => Promise<T>): Promise<T> {
    const start = performance.now();
    try {
      return await work();
    } finally {
      this.times.push({ name, ms: round(performance.now() - start) });
    }
  }

  /** After a flip in which every statement was answered. */
  async leave(): Promise<void> {
    for (const session of this.flip.sessions.splice(0)) {
      await Promise.race([session.close(), pause(500)]);
      session.destroy();
    }
    await this.end();
  }

  /**
   * Ends what is still running, on the servers too: a statement that still waits must not take effect after the
   * rollback.
   */
  async end(): Promise<void> {
    const { flip } = this;
    await Promise.all(
      flip.sessions.map(async (session) => {
        session.destroy();
        const own = flip.ctx.servers[session.side].sessionWithoutBinlog();
        const killed = own.then((killer) => killer.run(`KILL HARD ${session.connectionId}`));
        await Promise.race([killed.catch(() => {}), pause(500)]);
      }),
    );
    flip.sessions = [];
    flip.ctx.verification?.rest();
    // A beat to a machine that hangs never ends; one more beat is harmless.
    if (flip.heartbeat) await Promise.race([flip.heartbeat.stop().catch(() => {}), pause(500)]);
  }

  result(): FlipResult {
    const { flip } = this;
    const now = performance.now();
    return {
      from: flip.from,
      to: flip.to,
      alreadyThere: false,
      writePauseMs: round((flip.releasedAt || now) - flip.fencedAt),
      fencedAtMs: Math.round(performance.timeOrigin + flip.fencedAt),
      readOnlyMs: round((flip.openedAt || now) - flip.fencedAt),
      holdMs: round((flip.releasedAt || now) - flip.heldAt),
      steps: this.times,
      fenceGtid: flip.fenceGtid,
      epoch: flip.epoch + 1,
      verifiedTo: flip.verified?.to ?? "",
      verified: flip.verified,
    };
  }

  /** Where it failed, for the journal. */
  describeFailure(error: unknown): Record<string, string> {
    return { step: this.current, error: messageOf(error) };
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
