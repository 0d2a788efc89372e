import { otherSide, type Side } from "../../../move";

/*
 * The conditions under which a server changes its role. Each is a pure function of this server's own rows, so that the
 * model can search it. `statements.ts` has the same conditions as SQL, which the server evaluates in the very statement
 * that acts on them. A server's own record is enough: a flip is committed on the old primary, so the record on the side
 * that takes writes is never out of date.
 */

/** The role record, as one server knows it. */
export interface RoleFact {
  role: Side;
  epoch: number;
}

/** The lease on one server. */
export interface LeaseFact {
  holder: string;
  /** The epoch that its holder wants to commit; 0 in a lease that only keeps others away. */
  epoch: number;
  /** Whether it is still live. */
  live: boolean;
}

/** Whether a flip under way bars this server from opening. */
export function isFenced(role: RoleFact, lease: LeaseFact | undefined): boolean {
  return lease?.live === true && lease.epoch > role.epoch;
}

/** Whether server `me` takes writes: its record names it, and no flip under way has fenced it. */
export function mayOpen(me: Side, role: RoleFact | undefined, lease: LeaseFact | undefined): boolean {
  return role !== undefined && role.role === me && !isFenced(role, lease);
}

/** Whether server `me` may be closed as the passive one: its own record must not name it. */
export function mayClose(me: Side, role: RoleFact | undefined): boolean {
  return role?.role !== me;
}

/** Whether `holder`'s attempt may fence server `me`, or commit on it. Both end with the lease. */
export function mayFlip(
  me: Side,
  role: RoleFact | undefined,
  lease: LeaseFact | undefined,
  holder: string,
): boolean {
  return (
    role !== undefined &&
    role.role === me &&
    lease?.live === true &&
    lease.holder === holder &&
    lease.epoch === role.epoch + 1
  );
}

/** The record after a commit on server `me`. */
export function committed(role: RoleFact): RoleFact {
  return { role: otherSide(role.role), epoch: role.epoch + 1 };
}
