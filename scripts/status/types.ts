import type { Side } from "../../engine/move";
import type { Seen } from "../../engine/operations/inventory";
import type { NextStep, Wanted } from "../../stacks/common/phase";
import type { CopyProgress } from "./copying";

/** What could not be asked: one line with a stable code. */
export interface Unknown {
  error: { code: string; found: string };
}

/** One part of the answer; each is asked on its own. */
export type Part<T> = T | Unknown;

export function known<T extends object>(part: Part<T>): part is T {
  return !("error" in part);
}

export interface Following {
  /** Both threads run. */
  running: boolean;
  /** Why not; empty while it runs. */
  cause: string;
  message: string;
  appliedGtid: string;
  /**
   * How long it took to have all that the source had when asked, in milliseconds, the way to the servers included;
   * null if it took longer than `lagBoundMs`.
   */
  lagMs: number | null;
  /** How fast it comes nearer, while it is further behind than that; rates are those of one second. */
  catchUp?: {
    /** Transactions. */
    behind: number;
    appliedPerSecond: number;
    writtenPerSecond: number;
    /** Undefined while it does not come nearer. */
    leftMs?: number;
  };
  /** `full`: what is acknowledged is on disk; `relaxed` before a flip may come, so that it catches up faster. */
  durability?: string;
}

/** A replica further behind is not waited for, in milliseconds. */
export const lagBoundMs = 3_000;

export interface DatabaseState {
  version: string;
  readOnly: boolean;
  /** The record of who is primary as this server knows it; null before there is one. */
  role: { side: Side; epoch: number; changedAt: string } | null;
  /** How it follows the other side; null if it does not. */
  follows: Following | null;
  /** A run's lease that has not ended. */
  lease: { holder: string; purpose: string; leftMs: number } | null;
}

export interface CopyPart {
  state: string;
  gtid?: string;
  bytes?: number;
  rows?: number;
  copyMs?: number;
  /** While it is under way. */
  progress?: CopyProgress;
}

export interface VerificationPart {
  /** Null where there never was one. */
  last: {
    ok: boolean;
    /** Up to here both are known to be the same, or not. */
    gtid: string;
    tables: number;
    rows: string;
    ageMs: number;
    /** What the whole was compared at, where only what changed was compared since; and how many rows that were. */
    whole?: string;
    changedRows?: number;
  } | null;
}

export interface UploadsPart {
  direction: string;
  lastPass: {
    exitCode: number;
    filesSent: number;
    sentBytes: number;
    passes: number;
    agoMs: number;
    /** What it could not carry, by path. */
    failedFiles?: string[];
  } | null;
  /** A pass that is stopped as it would delete too much; null if none is. */
  stopped: { name: string; wouldDelete: number; found: string } | null;
  /** What the last comparison found and mended; null before the first. */
  comparison: { told: string; agoMs: number } | null;
  /** Bytes of what was replaced or deleted and is kept for the way back; null where a side can't be asked. */
  keptBytes: Record<Side, number> | null;
}

export interface GatePart {
  primary: Side;
  views: Side;
  canary: number;
  /** For how long writes will still be held, in milliseconds; 0 when they are not. */
  holdMs: number;
  held: number;
  inFlight: Record<Side, number>;
  up: Record<Side, boolean>;
}

export interface JournalLine {
  /** UTC, ISO 8601. */
  at: string;
  side: string;
  step: string;
  event: string;
}

/** `npm run status -- --json`: fields are added, none renamed. */
export interface Status {
  /** Everything that this phase has was reached, and all that the config wants holds. */
  ok: boolean;
  stack: string;
  wiki: string;
  wanted: Wanted;
  /** The record that says who is primary; null where no side that answers has one, and where they contradict each other. */
  primary: { side: Side; epoch: number; changedAt: string } | null;
  /** Why nobody can tell who is primary, where the records contradict each other; else null. */
  contested: Unknown["error"] | null;
  databases: Record<Side, Part<DatabaseState>>;
  copy: Part<CopyPart>;
  verification: Part<VerificationPart>;
  uploads: Part<UploadsPart>;
  gate: Part<GatePart>;
  journal: Part<{ last: JournalLine[] }>;
  /** What of the move is on the hosts now, and what could not be seen. */
  hosts: Part<Seen>;
  /** What the config wants and does not hold. */
  unmet: string[];
  next: NextStep[];
}
