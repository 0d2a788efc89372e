import { otherSide, type Side } from "../../move";
import { withAnswerTimeout } from "../../runtime/mariadb/answerTimeout";
import type { Server } from "../../runtime/mariadb/server";
import { primaryOf, type RoleViews } from "../primary";
import { type Role, readRole } from "./role";

const sides = ["blue", "green"] as const;
/** How long a database may take to answer, in milliseconds. It may be behind an SSH host that is down. */
const answerMs = 15_000;

export interface FoundPrimary {
  side: Side;
  epoch: number;
  /** The passive side, if it did not answer. */
  unreachable: Side | undefined;
}

/**
 * Asks both servers for their role record. Never writes.
 * @param timeoutMs After this a server that hangs counts as down. Defaults to 15,000.
 */
export async function readRoles(
  servers: Record<Side, Server>,
  timeoutMs = answerMs,
): Promise<RoleViews<Role>> {
  const [blue, green] = await Promise.all(
    sides.map((side) =>
      withAnswerTimeout(side, readRole(servers[side]), timeoutMs).catch((error: unknown) =>
        error instanceof Error ? error : new Error(String(error)),
      ),
    ),
  );
  return { blue, green };
}

/**
 * Who is the primary, by both servers' records. Never writes.
 * @param options.passiveMayBeAway Whether a passive side that does not answer is acceptable, as for a recovery.
 * Whatever changes the passive side needs its own record that it is passive. Defaults to false.
 * @param options.timeoutMs After this a server that hangs counts as down. Defaults to 15,000.
 * @throws `CTRL_TWO_PRIMARIES`, `CTRL_NO_ROLE`, or what kept a side from answering
 */
export async function findPrimary(
  servers: Record<Side, Server>,
  { passiveMayBeAway = false, timeoutMs }: { passiveMayBeAway?: boolean; timeoutMs?: number } = {},
): Promise<FoundPrimary> {
  const views = await readRoles(servers, timeoutMs);
  const { side, epoch } = primaryOf(views);
  const passive = otherSide(side);
  const failure = views[passive];
  if (!(failure instanceof Error)) return { side, epoch, unreachable: undefined };
  if (!passiveMayBeAway) throw failure;
  return { side, epoch, unreachable: passive };
}
