import { type AttemptStep, attemptSteps, next, type Outcome, type Run } from "../protocol";

/** The protocol, and what a mutant of it leaves out. */
export interface Rules {
  next(run: Run, outcome: Outcome): Run;
  /** Fence and commit are refused without a live lease for the next epoch. */
  leaseCounts: boolean;
  /** A restarted server is as closed as it was before. */
  fenceSurvives: boolean;
  /** The event reads and acts under one lock. */
  eventIsOne: boolean;
  /** The event does not fence: it leaves an open primary open while a flip prepares. */
  eventLeavesTheFence: boolean;
  /** The event ends an expired lease by an update of its row. */
  eventEndsTheLease: boolean;
  /** Opening is refused where the record or another run's fence forbids it. */
  openAsks: boolean;
  /** A run that opens a server can no longer commit on it. */
  openGivesUpTheFence: boolean;
  /** A run without a live lease may not set, start or end a stream. */
  streamAsks: boolean;
  /** The last transaction is read once the fence is set. */
  positionUnderTheFence: boolean;
  /** If the old primary has written since its position was read, the commit is refused and the attempt ends. */
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

/** The steps with one moved behind another. */
function reordered(step: AttemptStep, behind: AttemptStep): AttemptStep[] {
  const rest = attemptSteps.filter((other) => other !== step);
  rest.splice(rest.indexOf(behind) + 1, 0, step);
  return rest;
}

/** Protocols with one mistake each, and the property that the mistake violates. */
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

/** A rollback that trusts its own failure instead of reading the record. */
function reopening(run: Run, outcome: Outcome): Run {
  const after = next(run, outcome);
  if (run.stage !== "attempt" || outcome.ok) return after;
  return { ...after, stage: "undo", todo: ["look"] };
}
