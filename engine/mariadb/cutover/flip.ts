import type { Side } from "../../move";
import type { Heartbeat } from "../replication/lag";
import type { Server, Session } from "../server";
import type { CutoverContext } from "./context";
import type { Deadline } from "./deadline";
import type { Verified } from "./flipVerification";
import type { AttemptStep } from "./protocol";
import type { RunLease } from "./runLease";

/** One attempt under way: what the steps know of it and hand on. */
export interface Flip {
  readonly ctx: CutoverContext;
  readonly from: Side;
  readonly to: Side;
  readonly source: Server;
  readonly target: Server;
  /** Of the role record when the attempt began. */
  readonly epoch: number;
  readonly lease: RunLease;
  /** Of the lag gate; it beats until writes are held. */
  heartbeat?: Heartbeat;
  /** Sessions for what waits, opened before the pause; ended with the attempt, so nothing of it acts later. */
  hands: Session[];
  /** Set by the intent. */
  deadline?: Deadline;
  /** The last round of uploads, under way since writes were held. */
  files?: Promise<void>;
  /** The old primary's last transaction under the fence. */
  fenceGtid: string;
  /** The end of sessions that were in the middle of a write when the fence came. */
  writersEnded?: Promise<unknown>;
  /** How what changed last was compared. */
  verified?: Verified;
  /** The transaction that named the new primary. */
  commitGtid: string;
  /** By `performance.now()`. */
  heldAt: number;
  fencedAt: number;
  openedAt: number;
  releasedAt: number;
  /** Says what is done next, before it is done. */
  say(message: string): void;
}

export interface Step {
  name: AttemptStep;
  /** Brings it about and checks it. */
  run(flip: Flip): Promise<void>;
}

export function handOn(flip: Flip, side: Side): Session {
  const hand = flip.hands.find((other) => other.side === side);
  if (!hand) throw new Error(`no session on ${side}: the intent comes first`);
  return hand;
}
