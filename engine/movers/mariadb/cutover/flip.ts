import type { HeldLease } from "../../../control/heldLease";
import type { Side } from "../../../move";
import type { ReplicatedServer, Session } from "../../../runtime/mariadb/server";
import type { Heartbeat } from "../replication/lag";
import type { CutoverContext } from "./context";
import type { Deadline } from "./deadline";
import type { Verified } from "./flipVerification";
import type { AttemptStep } from "./protocol";

/** One attempt under way: what its steps know and pass on. */
export interface Flip {
  readonly ctx: CutoverContext;
  readonly from: Side;
  readonly to: Side;
  readonly source: ReplicatedServer;
  readonly target: ReplicatedServer;
  /** The epoch of the role record when the attempt began. */
  readonly epoch: number;
  readonly lease: HeldLease;
  /** Started by the lag gate; it beats until writes are held. */
  heartbeat?: Heartbeat;
  /**
   * Sessions for statements that wait, opened before the pause. They end with the attempt, so nothing of it takes
   * effect later.
   */
  sessions: Session[];
  /** Set by the intent. */
  deadline?: Deadline;
  /** The last pass of uploads, under way since writes were held. */
  files?: Promise<void>;
  /** The old primary's last transaction under the fence. */
  fenceGtid: string;
  /** Ending the sessions that were in the middle of a write when the fence was set. */
  writersEnded?: Promise<unknown>;
  /** How the most recent changes were compared. */
  verified?: Verified;
  /** The transaction that named the new primary. */
  commitGtid: string;
  /** Read from `performance.now()`. */
  heldAt: number;
  fencedAt: number;
  openedAt: number;
  releasedAt: number;
  /** Announces the next action before it is carried out. */
  say(message: string): void;
}

export interface Step {
  name: AttemptStep;
  /** Carries the step out and checks the result. */
  run(flip: Flip): Promise<void>;
}

export function sessionOn(flip: Flip, side: Side): Session {
  const session = flip.sessions.find((other) => other.side === side);
  if (!session) throw new Error(`no session on ${side}: the intent comes first`);
  return session;
}
