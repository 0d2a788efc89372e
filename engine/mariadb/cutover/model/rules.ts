import { type AttemptStep, attemptSteps, next, type Outcome, type Run } from "../protocol";

/** The protocol, with what a mutant of it would leave out. */
export interface Rules {
  next(run: Run, outcome: Outcome): Run;
  /** Fence and commit are refused without a live lease of the next epoch. */
  leaseCounts: boolean;
  /** A restarted server is as closed as before. */
  fenceSurvives: boolean;
  /** The event looks and acts under one lock. */
  eventIsOne: boolean;
  /** The event does not fence: it leaves an open primary open while a flip prepares. */
  eventLeavesTheFence: boolean;
  /** The event ends a lease that is over by an update of its row. */
  eventEndsTheLease: boolean;
  /** Opening is refused where the record or another's fence says so. */
  openAsks: boolean;
  /** A run that opens a server can no longer commit on it. */
  openGivesUpTheFence: boolean;
  /** Setting, starting and ending a stream is refused to a run without a live lease. */
  streamAsks: boolean;
  /** The last transaction is read once the fence stands. */
  positionUnderTheFence: boolean;
  /** The commit is refused, and the attempt ends, if the old primary has written since its position was read. */
  looksAgain: boolean;
  /** Both servers have the event. */
  hasEvent: boolean;
}

export const protocolRules: Rules = {
  next,
  leaseCounts: true,
  fenceSurvives: true,
  eventIsOne: true,
  eventLeavesTheFence: true,
  eventEndsTheLease: true,
  openAsks: true,
  openGivesUpTheFence: true,
  streamAsks: true,
  positionUnderTheFence: true,
  looksAgain: true,
  hasEvent: true,
};

/** The steps with one taken out and put behind another. */
function reordered(step: AttemptStep, behind: AttemptStep): AttemptStep[] {
  const rest = attemptSteps.filter((other) => other !== step);
  rest.splice(rest.indexOf(behind) + 1, 0, step);
  return rest;
}

/** Protocols that are wrong in one respect, and the property that each breaks. */
export const mutants: Record<string, { rules: Rules; breaks: string }> = {
  "the position is read before the fence": {
    rules: { ...protocolRules, positionUnderTheFence: false, looksAgain: false },
    breaks: "only the commit is on its way",
  },
  "the lease is ignored": { rules: { ...protocolRules, leaseCounts: false }, breaks: "one writer" },
  "the old primary is reopened after the commit": {
    rules: { ...protocolRules, openAsks: false, next: reopening },
    breaks: "one writer",
  },
  "the fence does not survive a restart": {
    rules: { ...protocolRules, fenceSurvives: false },
    breaks: "one writer",
  },
  "the reverse stream begins after the opening": {
    rules: {
      ...protocolRules,
      next: (run, outcome) => next(run, outcome, reordered("reverse the stream", "turn the gate")),
    },
    breaks: "a way back",
  },
  "the event looks first and acts later": {
    rules: { ...protocolRules, eventIsOne: false },
    breaks: "one writer",
  },
  "the event fences as soon as a lease says so": {
    rules: { ...protocolRules, eventLeavesTheFence: false },
    breaks: "nobody notices",
  },
  "a lease that is over is not ended": {
    rules: { ...protocolRules, eventEndsTheLease: false },
    breaks: "one writer",
  },
  "a run opens without giving up its fence": {
    rules: { ...protocolRules, openGivesUpTheFence: false },
    breaks: "one writer",
  },
  "a run opens without asking the record": {
    rules: { ...protocolRules, openAsks: false },
    breaks: "one writer",
  },
  "streams are set without a lease": {
    rules: { ...protocolRules, streamAsks: false },
    breaks: "a way back",
  },
  "there is no dead man's switch": { rules: { ...protocolRules, hasEvent: false }, breaks: "someone serves" },
};

/** An undoing that believes its own failure instead of reading the record. */
function reopening(run: Run, outcome: Outcome): Run {
  const after = next(run, outcome);
  if (run.stage !== "attempt" || outcome.ok) return after;
  return { ...after, stage: "undo", todo: ["look"] };
}
