import type { Side } from "../../../move";
import type { RecoveryStep } from "./recoveryPlan";

/*
 * Decides what a run does next, from what it has done and what came of it. Nothing here touches a server, and nothing
 * else decides. `run.ts` carries the commands out on real servers; `model/` carries them out on model servers, in every
 * order of every failure.
 */

/** The steps of an attempt, in order. A failure before the commit is undone; after it the run only goes forward. */
export const attemptSteps = [
  "ask the guardrails",
  "quiesce",
  "gate the lag",
  "declare the intent",
  "hold the writes",
  "fence the primary",
  "read the position",
  "catch up",
  "reverse the stream",
  "commit",
  "open the new primary",
  "turn the gate",
] as const;
export type AttemptStep = (typeof attemptSteps)[number];

/** The steps during which no database takes the wiki's writes. */
export const pauseSteps: readonly AttemptStep[] = attemptSteps.slice(
  attemptSteps.indexOf("fence the primary"),
);

export type Command =
  | "find the primary"
  | "take the lease"
  /** Reads the state of both databases and lets `recoveryPlan.ts` evaluate it. */
  | "look"
  | RecoveryStep
  | "prove it open"
  | "route and release"
  | "release the hold"
  | "resume the rest"
  | AttemptStep
  | "give the lease back";

/**
 * take over: nobody else may act, and the primary is known; tidy: cleans up what an earlier run left behind; attempt:
 * the flip; find out: the attempt failed, before the commit or after it; undo, finish: the recovery that follows;
 * over: nothing more.
 */
export type Stage = "take over" | "tidy" | "attempt" | "find out" | "undo" | "finish" | "over";

/** The state of a run. */
export interface Run {
  /** Who is to become the primary. Undefined: the present primary stays, and the run only restores a clean state. */
  readonly goal: Side | undefined;
  readonly stage: Stage;
  /** The next command first. */
  readonly todo: readonly Command[];
  /** According to the record, as last read. During an attempt still the old one. */
  readonly primary: Side | undefined;
  /** The serving side is in order, but the other could not be brought along. */
  readonly passiveFailed: boolean;
  readonly failed: boolean;
}

/** The outcome of a command. */
export type Outcome =
  | { ok: true; primary?: Side; plan?: readonly RecoveryStep[] }
  /** It did not happen, or it did and nobody knows. */
  | { ok: false };

export function begin(goal: Side | undefined): Run {
  return {
    goal,
    stage: "take over",
    // While this run waits for another run's lease, that run may commit, so the record is read again afterwards.
    todo: ["find the primary", "take the lease", "find the primary", "look"],
    primary: undefined,
    passiveFailed: false,
    failed: false,
  };
}

/** The state after `outcome` came from the first command of its list. */
export function next(run: Run, outcome: Outcome, steps: readonly AttemptStep[] = attemptSteps): Run {
  const [command, ...rest] = run.todo;
  if (!outcome.ok) return afterFailure(run, command as Command, rest);
  if (run.stage === "find out") return afterFindingOut(run, outcome.primary as Side);
  if (command === "find the primary") return { ...run, primary: outcome.primary, todo: rest };
  if (command === "look") return recovering(run, outcome.plan ?? []);
  return rest.length > 0 ? { ...run, todo: rest } : afterStage(run, steps);
}

function afterStage(run: Run, steps: readonly AttemptStep[]): Run {
  switch (run.stage) {
    case "tidy":
      if (run.goal === undefined || run.goal === run.primary || run.passiveFailed) return over(run);
      return { ...run, stage: "attempt", todo: steps };
    case "attempt":
      return { ...run, stage: "finish", primary: run.goal, todo: ["look"] };
    case "over":
      return { ...run, todo: [] };
    default:
      return over(run);
  }
}

function afterFailure(run: Run, command: Command, rest: readonly Command[]): Run {
  switch (run.stage) {
    case "attempt":
      return { ...run, stage: "find out", failed: true, todo: ["find the primary"] };
    case "tidy":
    case "undo":
    case "finish":
      // The wiki is already served, so a failure of the passive side must not block anything else.
      if (isForThePassiveSide(command)) return { ...run, passiveFailed: true, todo: rest };
      if (command === "release the hold" || command === "resume the rest")
        return over({ ...run, failed: true });
      // Writes that fail visibly are better than writes that are held forever.
      return { ...run, failed: true, todo: ["release the hold"] };
    case "over":
      return { ...run, todo: rest };
    default:
      return over({ ...run, failed: true });
  }
}

/** Only the record tells on which side of the commit an attempt failed. */
function afterFindingOut(run: Run, primary: Side): Run {
  const committed = primary === run.goal;
  return {
    ...run,
    stage: committed ? "finish" : "undo",
    primary,
    failed: !committed,
    todo: ["look"],
  };
}

const forThePassiveSide: ReadonlySet<Command> = new Set([
  "follow the active side",
  "see a write arrive",
  "stop following",
  "admit readers to the passive side",
]);

/** Whether a recovery's command runs only once the wiki is served again, for the side that does not serve. */
export function isForThePassiveSide(command: Command): boolean {
  return forThePassiveSide.has(command);
}

function recovering(run: Run, plan: readonly RecoveryStep[]): Run {
  const first = plan.filter((step) => !isForThePassiveSide(step));
  // An attempt may be undone because no write could arrive, so the rollback does not wait for one.
  const then = plan.filter(
    (step) => forThePassiveSide.has(step) && !(run.stage === "undo" && step === "see a write arrive"),
  );
  const proof: Command[] = first.length > 0 ? ["prove it open"] : [];
  return {
    ...run,
    stage: run.stage === "take over" ? "tidy" : run.stage,
    todo: [...first, ...proof, "route and release", ...then, "resume the rest"],
  };
}

function over(run: Run): Run {
  return { ...run, stage: "over", todo: ["give the lease back"] };
}
