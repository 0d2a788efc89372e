import type { Side } from "../../../engine/move";
import type { Seen } from "../../../engine/operations/inventory";
import type { CommonStatus, Part, PrimaryRecord } from "../../common/status";
import type { CopyProgress } from "./copying";

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
  role: PrimaryRecord | null;
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

/** `npm run status -- --json` of a wiki: fields are added, none renamed. */
export interface Status extends CommonStatus {
  wiki: string;
  databases: Record<Side, Part<DatabaseState>>;
  copy: Part<CopyPart>;
  verification: Part<VerificationPart>;
  uploads: Part<UploadsPart>;
  gate: Part<GatePart>;
  /** What of the move is on the hosts now, and what could not be seen. */
  hosts: Part<Seen>;
}
