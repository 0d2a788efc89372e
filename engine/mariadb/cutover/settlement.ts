import type { Side } from "../../move";
import { errant, newest } from "../replication/gtid";
import type { Positions } from "../replication/status";

/** How one database stands. */
export interface Standing {
  readOnly: boolean;
  locked: boolean;
  /** Whether it has a source set, running or not. */
  hasSource: boolean;
  /** Whether it follows the other side in full health. */
  follows: boolean;
  positions: Positions;
}

/** What is to be done, in the order in which it is done. */
export type Mending =
  | "close the passive side"
  | "apply the rest"
  | "admit the wiki"
  | "open the active side"
  | "follow the active side"
  | "see a write arrive"
  | "stop following"
  | "admit readers to the passive side";

/**
 * What stands between the world and the one in which `active` is the primary: it is open, lets the wiki in and follows
 * no one; the other is closed, lets readers in, and follows. Undoing an attempt, taking over from a run that was
 * killed before the commit or after it, and the end of every flip are all this.
 * @param passive Undefined when it does not answer: then only what concerns the active side alone.
 */
export function settlement(active: Standing, passive: Standing | undefined): Mending[] {
  const list: Mending[] = [];
  if (passive && !passive.readOnly) list.push("close the passive side");
  // Once open, it has begun to write its own: what it lacks then can never be applied, and following says so.
  if (
    passive &&
    active.readOnly &&
    errant(newest(active.positions.binlog, active.positions.applied), passive.positions.binlog) !== undefined
  )
    list.push("apply the rest");
  if (active.locked) list.push("admit the wiki");
  if (active.readOnly) list.push("open the active side");
  if (passive && !passive.follows) list.push("follow the active side");
  // In a ring, a write must arrive at the other end before this end is taken away.
  if (passive?.follows && active.hasSource) list.push("see a write arrive");
  // Without an answer from the passive side, nobody can say what of it has not been received yet.
  if (passive && active.hasSource) list.push("stop following");
  if (passive?.locked) list.push("admit readers to the passive side");
  return list;
}

/** Words for the report. */
export function describe(mending: Mending, active: Side, passive: Side): string {
  return mending.replace("the active side", active).replace("the passive side", passive);
}
