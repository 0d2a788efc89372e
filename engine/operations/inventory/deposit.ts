import type { ContainerRef, DatabaseAccess, MoveSpec, Side } from "../../move";
import type { MoveSession } from "../../session";

/** What tells where deposits lie. */
export interface DepositSpec {
  wiki: Pick<MoveSpec["wiki"], "appUser">;
  blue: {
    database: DatabaseAccess & Pick<MoveSpec["blue"]["database"], "ssh" | "configDirectory">;
    files: Pick<MoveSpec["blue"]["files"], "ssh" | "directory">;
  };
  green: { database: DatabaseAccess & ContainerRef };
}

export type DepositMove = MoveSession<DepositSpec>;

/**
 * One thing that the move puts on a host that is not its own: where it lies, how to see it, how to take it back.
 * `status` lists what is there, `retire` and `undo` take it back, all from the same list.
 */
export interface Deposit {
  /** Stable, for scripts. */
  name: string;
  side: Side;
  /** Host and path, or the object's name. */
  where(spec: DepositSpec): string;
  /** What is there now, in a few words; undefined if nothing is. Never writes. */
  see(move: DepositMove): Promise<string | undefined>;
  /** Takes it back; does nothing where it is already gone. Unset where the stack or the owner does it. */
  take?(move: DepositMove): Promise<void>;
  /** Why it stays on a retired blue, which is closed and complete; unset where it goes. */
  staysRetired?: string;
  /** The option that `undo` needs before it takes this back, since it may be the owner's only copy. */
  askedFor?: string;
  /** How to get rid of it by hand, for a host that can't be reached. */
  byHand(spec: DepositSpec): string;
}

/** A deposit as it was found. */
export interface FoundDeposit {
  name: string;
  side: Side;
  where: string;
  found: string;
  staysRetired?: string;
  askedFor?: string;
}

/** A deposit whose presence is unknown. */
export interface UnseenDeposit {
  name: string;
  side: Side;
  where: string;
  /** Why it could not be seen, with its stable code. */
  error: { code: string; found: string };
  byHand: string;
}
