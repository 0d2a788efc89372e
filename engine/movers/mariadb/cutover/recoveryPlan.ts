import type { Side } from "../../../move";
import { errant, newest } from "../replication/gtid";
import type { Positions } from "../replication/status";

/** The state of one database. */
export interface Standing {
  readOnly: boolean;
  locked: boolean;
  /** Whether a source is set, running or not. */
  hasSource: boolean;
  /** Whether it follows the other side and is healthy. */
  follows: boolean;
  positions: Positions;
}

/** What to do, in this order. */
export type RecoveryStep =
  | "close the passive side"
  | "apply the rest"
  | "admit the wiki"
  | "open the active side"
  | "follow the active side"
  | "see a write arrive"
  | "stop following"
  | "admit readers to the passive side";

/**
 * What separates the present state from the one in which `active` is the primary: it is open, admits the wiki and
 * follows nobody; the other is closed, admits readers, and follows. This covers undoing an attempt, taking over from a
 * run that was killed before or after the commit, and the end of every flip.
 * @param passive Undefined when it does not answer. Then only what concerns the active side is considered.
 */
export function recoveryPlan(active: Standing, passive: Standing | undefined): RecoveryStep[] {
  const list: RecoveryStep[] = [];
  if (passive && !passive.readOnly) list.push("close the passive side");
  // Once open, it writes transactions of its own. What it lacks by then can never be applied, and starting to follow
  // reports that.
  if (
    passive &&
    active.readOnly &&
    errant(newest(active.positions.binlog, active.positions.applied), passive.positions.binlog) !== undefined
  )
    list.push("apply the rest");
  if (active.locked) list.push("admit the wiki");
  if (active.readOnly) list.push("open the active side");
  if (passive && !passive.follows) list.push("follow the active side");
  // In a ring, a write must arrive at the other end before this end is removed.
  if (passive?.follows && active.hasSource) list.push("see a write arrive");
  // Without an answer from the passive side, nobody knows which of its transactions have not been received yet.
  if (passive && active.hasSource) list.push("stop following");
  if (passive?.locked) list.push("admit readers to the passive side");
  return list;
}

/** Words for reports. */
export function describe(mending: RecoveryStep, active: Side, passive: Side): string {
  return mending.replace("the active side", active).replace("the passive side", passive);
}
