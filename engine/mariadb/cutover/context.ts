import type { Finding } from "../../finding";
import type { CutoverLimits, Side } from "../../move";
import type { Report } from "../../progress";
import type { Journal } from "../control/journal";
import type { Server } from "../server";
import type { FlipVerification, Verified } from "./flipVerification";
import type { Surroundings } from "./surroundings";

/** All that a flip works with. */
export interface CutoverContext {
  servers: Record<Side, Server>;
  database: string;
  /** The database account of the wiki. */
  appUser: string;
  replicationPassword: string;
  limits: CutoverLimits;
  surroundings: Surroundings;
  /** Without one, nobody compares what changes while a flip is under way. */
  verification?: FlipVerification;
  journal: Journal;
  /** Names this run in leases, such as `host:pid:random`; no two runs have the same. */
  holder: string;
  /** Told of each action before it is done. */
  report: Report;
  /** What forbids a flip from `from` to `to` now; asked just before. Never writes. */
  findBlockers(from: Side, to: Side): Promise<Finding[]>;
}

export interface StepTime {
  name: string;
  ms: number;
}

export interface FlipResult {
  from: Side;
  to: Side;
  /** Whether `to` was the primary already and nothing was to be done. */
  alreadyThere: boolean;
  /**
   * From the fence on `from`, before which its last write was acknowledged, to the release at the gate, after which
   * `to` can acknowledge its first. In milliseconds.
   */
  writePauseMs: number;
  /** When the fence stood, in milliseconds since 1970 by the clock of the machine that ran the flip; 0 without a flip. */
  fencedAtMs: number;
  /** For how long no database took writes: from the fence to the opening, in milliseconds. */
  readOnlyMs: number;
  /** For how long the gate held writes, in milliseconds. */
  holdMs: number;
  steps: StepTime[];
  /** The last transaction of `from`'s time but for the commit. */
  fenceGtid: string;
  /** Of the record after the flip. */
  epoch: number;
  /** Up to here both databases were compared and the same; with `fenceGtid`, all is. Empty if nobody compared. */
  verifiedTo: string;
  /** How the last of that was compared; undefined if nobody did. */
  verified?: Verified;
}
