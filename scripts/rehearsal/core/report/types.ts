import type { Side } from "../../../../engine/move";
import type { Refusal } from "../refusal";
import type { Felt, Timeline } from "./timeline";

/** One rung of the phase ladder. */
export interface PhaseFact {
  /** Such as `set-up`, `prepare`, `sync`, `switch`, `active green`, `retire`. */
  name: string;
  ms: number;
  /** Whether a second `pulumi up` changed nothing; none where there was no second one. */
  unchanged?: boolean;
  /** How long the second one took, in milliseconds. */
  againMs?: number;
}

export interface FlipStep {
  name: string;
  ms: number;
  /** True for a step inside the write pause. */
  inPause?: boolean;
}

export interface VerifiedFact {
  /** The same up to here, as a GTID. */
  to: string;
  /** Whether that is the last transaction before the pause. */
  complete: boolean;
  /** Why not; empty if it is. */
  why: string;
  /** Rows compared since the comparison of the whole. */
  rows: number;
  /** What it added to the write pause. */
  addedMs: number;
}

export interface FlipFact {
  from: Side;
  to: Side;
  /** From the last write that the old primary acknowledged to the first that the new one acknowledged. */
  writePauseMs: number;
  /** What `pulumi preview` said before. */
  predictedPauseMs?: number;
  /**
   * As people saw it: from the last save that the old side confirmed to the first that the new side confirmed, the
   * saving itself included. In milliseconds; none where nobody saved on either side.
   */
  confirmedGapMs?: number;
  /** How long requests took before and after; none where one kind of them was not seen. */
  felt?: Felt;
  /** When the write pause began, epoch in milliseconds. */
  pauseStartedAtMs: number;
  /** In order. */
  steps: FlipStep[];
  /** How both databases were compared up to the last write before the pause. */
  verified?: VerifiedFact;
  timeline?: Timeline;
}

/** What `pulumi preview` said of something, and what it then was. */
export interface EstimateFact {
  /** `copy`, `catch-up`, `write pause, active green`. */
  what: string;
  predictedMs: number;
  /** None where it did not come to it. */
  actualMs?: number;
  /** The parts of the prediction. */
  terms: { name: string; ms: number }[];
  /** The parts of the fact, where it has any. */
  actualTerms?: { name: string; ms: number }[];
  /** What it was made of, by name; rates in bytes a millisecond. */
  measured?: Record<string, number | undefined>;
}

/** What ended a rehearsal before its time. */
export interface Failure {
  /** Such as `active green`. */
  during: string;
  message: string;
}

/** Something done on a host, from the journal. */
export interface HostAction {
  host: string;
  /** ISO 8601. */
  at: string;
  action: string;
}

/** A `pulumi up` that gave a side that serves another container, or failed to. */
export interface Replacement {
  name: string;
  /** Epoch. */
  startedAtMs: number;
  endedAtMs: number;
  ms: number;
  wantedToFail: boolean;
  failed: boolean;
}

/** The same with what people met with meanwhile. */
export interface ReplacementFact extends Replacement {
  requests: number;
  failedRequests: number;
}

/** What the core saw of a rehearsal; a world adds what its application shows. */
export interface RehearsalFacts {
  /** ISO 8601. */
  startedAt: string;
  endedAt: string;
  machine: { cpus: number; memoryBytes: number; system: string };
  /** As given on the command line, or the defaults. */
  options: Record<string, string | number>;
  phases: PhaseFact[];
  /** The one restart of blue's database, measured apart; the judged time begins after it. */
  restart?: { host: string; at: string; ms: number };
  flips: FlipFact[];
  /** Predictions beside facts. */
  estimates?: EstimateFact[];
  hosts: HostAction[];
  /** Flips that a guardrail refused and that went well, or not, when they were tried again. */
  refusals?: Refusal[];
  /** Changes of what serves. */
  replacements?: ReplacementFact[];
  /** None if the rehearsal came to its end. */
  failure?: Failure;
  /** Largest memory of the tool's process, in bytes. */
  peakMemoryBytes: number;
  /** What this rehearsal has to show to be one. */
  expected: { phases: string[]; flips: number };
}

/** Something that the move promises, and whether it was so. */
export interface KeptPromise {
  /** For people: `No edit is lost`. */
  name: string;
  /** What was found. */
  found: string;
  kept: boolean;
}

/** What the facts come to. */
export interface Verdict {
  /** True if every promise was kept. */
  ok: boolean;
  promises: KeptPromise[];
}

/** `reports/rehearsal.json`: other tools read it; fields are added, none renamed. */
export type RehearsalReport<Facts extends RehearsalFacts = RehearsalFacts> = Facts & Verdict;
