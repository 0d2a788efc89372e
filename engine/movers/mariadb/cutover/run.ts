import { setTimeout as sleep } from "node:timers/promises";
import type { HeldLease } from "../../../control/heldLease";
import { type FoundPrimary, findPrimary } from "../../../control/mariadb/primary";
import { messageOf, WikiferryError } from "../../../errors";
import { otherSide, type Side } from "../../../move";
import { answerMs, withAnswerTimeout } from "../../../runtime/mariadb/answerTimeout";
import { StatementSpacing } from "../../../runtime/mariadb/statementSpacing";
import { Attempt } from "./attempt";
import type { CutoverContext, FlipResult } from "./context";
import {
  type AttemptStep,
  begin,
  type Command,
  isForThePassiveSide,
  next,
  type Outcome,
  type Run,
} from "./protocol";
import { Recovery, type RecoveryCommand } from "./recovery";
import { takeRunLease } from "./runLease";

/**
 * How long the rest waits after the gate has turned, in milliseconds. Held writes reach the new primary at once and
 * should not have to share it. Measured on 2 cores by `npm run bench:cutover`: the first acknowledgement comes 5.7
 * instead of 8.7 ms after the release.
 */
const heldGoesFirstMs = 100;

/**
 * Interval between two statements that no write waits for, in milliseconds. Measured on 2 cores by `npm run
 * bench:cutover`: page views beside a flip take 2.5 to 2.9 ms (p99), otherwise 2.1, and 3.4 where both sides are asked
 * at once.
 */
const spacingMs = 10;

/** The result of a run. */
export interface RunResult {
  primary: Side;
  epoch: number;
  /** Undefined when no flip was necessary. */
  flip: FlipResult | undefined;
}

/** Carries out on real servers what the protocol decides, command by command. */
export class CutoverRun {
  private readonly spacing = new StatementSpacing(spacingMs);
  private run: Run;
  private lease: HeldLease | undefined;
  private attempt: Attempt | undefined;
  private recovery: Recovery | undefined;
  private found: FoundPrimary | undefined;
  /** Why the attempt failed, and why anything after it failed. */
  private cause: unknown;
  private problem: unknown;

  constructor(
    private readonly ctx: CutoverContext,
    private readonly goal: Side | undefined,
  ) {
    this.run = begin(goal);
  }

  /** @throws the cause of a failure, once it is undone */
  async toTheEnd(): Promise<RunResult> {
    try {
      while (this.run.todo.length > 0) await this.goOn();
      return await this.outcome();
    } finally {
      this.setPace(false);
    }
  }

  private async goOn(): Promise<void> {
    const before = this.run;
    const command = before.todo[0] as Command;
    this.setPace(this.isPatient());
    let outcome: Outcome;
    try {
      outcome = await this.perform(command);
    } catch (error) {
      outcome = { ok: false };
      await this.noteFailure(command, error);
    }
    this.run = next(before, outcome);
    await this.noteStage(before.stage);
  }

  /** Whether no write waits for the current command. */
  private isPatient(): boolean {
    const { stage, todo } = this.run;
    if (stage === "attempt") return todo.includes("hold the writes") && todo[0] !== "hold the writes";
    return ["take over", "finish", "over"].includes(stage) && this.cause === undefined;
  }

  private setPace(patient: boolean): void {
    for (const server of Object.values(this.ctx.servers)) server.spacing = patient ? this.spacing : undefined;
  }

  private async perform(command: Command): Promise<Outcome> {
    switch (command) {
      case "find the primary":
        this.found = await this.findPrimary();
        return { ok: true, primary: this.found.side };
      case "take the lease":
        await this.takeTheLease();
        return { ok: true };
      case "look":
        this.recovery = new Recovery(this.ctx, this.run.primary as Side);
        return { ok: true, plan: await this.recovery.look() };
      case "give the lease back":
        await this.lease?.release();
        return { ok: true };
      default:
        if (this.run.stage === "attempt") await (this.attempt as Attempt).perform(command as AttemptStep);
        else await (this.recovery as Recovery).perform(command as RecoveryCommand);
        return { ok: true };
    }
  }

  private async findPrimary() {
    try {
      return await findPrimary(this.ctx.servers, { passiveMayBeAway: true, timeoutMs: answerMs });
    } catch (error) {
      if (this.run.stage !== "find out") throw error;
      throw new WikiferryError(
        "CUTOVER_UNDECIDED",
        `the flip failed (${messageOf(this.cause)}), and whether it was committed can't be known: ${messageOf(error)}`,
        "Run again when both databases answer: it continues from the state of the record",
        { cause: this.cause },
      );
    }
  }

  private async takeTheLease(): Promise<void> {
    const { side, unreachable } = this.found as NonNullable<typeof this.found>;
    const sides = unreachable ? [side] : [side, otherSide(side)];
    const purpose = this.goal ? `making ${this.goal} the primary` : "tidying up";
    this.lease = await takeRunLease(this.ctx, sides, purpose);
  }

  private async noteFailure(command: Command, error: unknown): Promise<void> {
    if (this.run.stage === "attempt") {
      this.cause = error;
      await this.attempt?.end();
    } else if (isForThePassiveSide(command)) this.recovery?.failPassive(error);
    else this.problem ??= error;
  }

  /** What to report and start when one stage ends and another begins. */
  private async noteStage(before: Run["stage"]): Promise<void> {
    const { stage, primary } = this.run;
    if (stage === before || primary === undefined) return;
    if (before === "tidy" && this.recovery && this.recovery.mended.length > 0)
      await this.note(primary, "mended", { mended: this.recovery.mended });
    if (stage === "attempt") {
      const { epoch } = this.found as NonNullable<typeof this.found>;
      this.problem = undefined;
      this.attempt = new Attempt(this.ctx, primary, epoch, this.lease as HeldLease);
    }
    if (before === "attempt" && stage === "finish") await sleep(heldGoesFirstMs);
    if (before === "find out" && stage === "finish") {
      const detail = this.attempt?.describeFailure(this.cause) ?? {};
      await this.note(primary, "failed after the commit, going forward", detail);
    }
    if (before === "undo") {
      const mended = this.recovery?.mended ?? [];
      this.ctx.report({ step: "undo", message: this.describeSettled() });
      await this.note(primary, "undone", { ...this.attempt?.describeFailure(this.cause), mended });
    }
  }

  private async outcome(): Promise<RunResult> {
    if (this.cause === undefined) await this.attempt?.leave();
    const { failed, primary } = this.run;
    const passiveFailure = this.recovery?.passiveFailure;
    if (!this.attempt) {
      if (failed || passiveFailure) throw this.problem ?? passiveFailure;
      return { primary: primary as Side, epoch: this.found?.epoch as number, flip: undefined };
    }
    if (primary !== this.goal) throw this.problem ?? this.cause;
    if (failed) throw this.problem;
    if (passiveFailure) throw oldSideAway(primary as Side, passiveFailure);
    const flip = this.attempt.result();
    await this.note(flip.to, "flipped", { ...flip });
    return { primary: flip.to, epoch: flip.epoch, flip };
  }

  /** With a warning where the passive side could not be brought along. */
  private describeSettled(): string {
    const { mended = [], passiveFailure } = this.recovery ?? {};
    const done = mended.length === 0 ? "nothing was amiss" : mended.join(", ");
    return passiveFailure ? `${done}; but ${messageOf(passiveFailure)}` : done;
  }

  private async note(side: Side, event: string, detail: Record<string, unknown>): Promise<void> {
    // The journal decides nothing, so a failure to write it must not stop a recovery.
    const written = this.ctx.journal.append({ step: "cutover", side, event, detail });
    await withAnswerTimeout(side, written).catch((error: unknown) => {
      this.ctx.report({ step: "journal", message: `not written: ${messageOf(error)}` });
    });
  }
}

function oldSideAway(active: Side, failure: Error): WikiferryError {
  return new WikiferryError(
    "CUTOVER_OLD_SIDE_AWAY",
    `${active} is the primary and serves; ${messageOf(failure)}`,
    "When the other side is back, run again: then it follows",
  );
}
