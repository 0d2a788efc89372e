import type { Journal } from "../../../control/mariadb/journal";
import type { Finding } from "../../../finding";
import type { CutoverLimits, Side } from "../../../move";
import type { Report } from "../../../progress";
import type { ReplicatedServer } from "../../../runtime/mariadb/server";
import type { Controls } from "./controls";
import type { FlipVerification, Verified } from "./flipVerification";

/** Everything that a flip works with. */
export interface CutoverContext {
  servers: Record<Side, ReplicatedServer>;
  database: string;
  /** The database account of the wiki. */
  appUser: string;
  replicationPassword: string;
  limits: CutoverLimits;
  controls: Controls;
  /** Without it, nothing compares what changes during a flip. */
  verification?: FlipVerification;
  journal: Journal;
  /** Names this run in leases, such as `host:pid:random`. No two runs have the same name. */
  holder: string;
  /** Receives each action before it is carried out. */
  report: Report;
  /** What forbids a flip from `from` to `to` now. Asked just before the flip. Never writes. */
  findBlockers(from: Side, to: Side): Promise<Finding[]>;
}

export interface StepTime {
  name: string;
  ms: number;
}

export interface FlipResult {
  from: Side;
  to: Side;
  /** Whether `to` was already the primary and there was nothing to do. */
  alreadyThere: boolean;
  /**
   * From the fence on `from`, before which its last write was acknowledged, to the release at the gate, after which
   * `to` can acknowledge its first. In milliseconds.
   */
  writePauseMs: number;
  /**
   * When the fence was set, in milliseconds since 1970 by the clock of the machine that ran the flip; 0 without a flip.
   */
  fencedAtMs: number;
  /** How long no database took writes: from the fence to the opening, in milliseconds. */
  readOnlyMs: number;
  /** How long the gate held writes, in milliseconds. */
  holdMs: number;
  steps: StepTime[];
  /** The last transaction of `from`'s time, except for the commit. */
  fenceGtid: string;
  /** The epoch of the record after the flip. */
  epoch: number;
  /**
   * Both databases were compared and equal up to here. If this is `fenceGtid`, the comparison is complete. Empty if
   * nothing was compared.
   */
  verifiedTo: string;
  /** How the last part of that was compared; undefined if it was not. */
  verified?: Verified;
}
