import { readRole } from "../../engine/control/mariadb/role";
import { messageOf } from "../../engine/errors";
import { otherSide, type Side } from "../../engine/move";
import { isFollowing, waitForGtid } from "../../engine/movers/mariadb/replication/follow";
import { positions, replicationStatus } from "../../engine/movers/mariadb/replication/status";
import { verify } from "../../engine/movers/mariadb/verify/verify";
import type { Write } from "./world/clients";
import type { World } from "./world/world";

export interface Verdict {
  /** Acknowledged ids that a side lacks. */
  lost: string[];
  /** Ids that a side has more than once. */
  doubled: string[];
  /** What else is wrong. */
  problems: string[];
}

/** Acknowledged writes that are missing from the rows, and ids with several rows. Pure. */
export function compare(
  acknowledged: readonly Pick<Write, "id">[],
  rows: ReadonlyMap<string, number>,
): { lost: string[]; doubled: string[] } {
  return {
    lost: acknowledged.map(({ id }) => id).filter((id) => !rows.has(id)),
    doubled: [...rows].filter(([, count]) => count > 1).map(([id]) => id),
  };
}

/**
 * Checks that `active` is the primary in every respect, that the other side follows it, that both hold the same, and
 * that every acknowledged write is there once. Call it when nobody writes.
 */
export async function judge(world: World, active: Side): Promise<Verdict> {
  const passive = otherSide(active);
  const { servers, pair, clients, gate } = world;
  const verdict: Verdict = { lost: [], doubled: [], problems: [] };
  const expect = (holds: boolean, problem: string) => {
    if (!holds) verdict.problems.push(problem);
  };
  const caughtUp = await waitForGtid(servers[passive], (await positions(servers[active])).binlog, 10_000);
  expect(caughtUp, `${passive} has not caught up with ${active} within 10 s`);
  for (const side of ["blue", "green"] as const) {
    const server = servers[side];
    const role = (await readRole(server))?.role;
    expect(role === active, `${side}'s record names ${role}, not ${active}`);
    const open = (await server.value("SELECT @@GLOBAL.read_only")) === "0";
    expect(
      open === (side === active),
      `${side} is ${open ? "open" : "closed"}, and ${active} is the primary`,
    );
    const found = await server.rows<{ token: string; n: string }>(
      "SELECT token, COUNT(*) AS n FROM ??.entry GROUP BY token",
      [pair.database],
    );
    const { lost, doubled } = compare(
      clients.acknowledged,
      new Map(found.map((row) => [row.token, Number(row.n)])),
    );
    verdict.lost.push(...lost.map((id) => `${id} on ${side}`));
    verdict.doubled.push(...doubled.map((id) => `${id} on ${side}`));
  }
  expect((await replicationStatus(servers[active])) === undefined, `${active} still follows ${passive}`);
  expect(
    isFollowing(await replicationStatus(servers[passive]), pair[active].place.replication),
    `${passive} does not follow ${active}`,
  );
  const state = await gate.state();
  expect(state.primary === active && state.views === active, `the gate sends to ${state.primary}`);
  expect(state.holdMs === 0, `the gate still holds writes for ${state.holdMs} ms`);
  await verify(servers[active], servers[passive], pair.database).then(
    ({ ok, differing }) => expect(ok, `the contents differ: ${JSON.stringify(differing)}`),
    (error: unknown) => verdict.problems.push(messageOf(error)),
  );
  return verdict;
}
