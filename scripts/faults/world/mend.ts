import { findPrimary } from "../../../engine/control/mariadb/primary";
import { otherSide } from "../../../engine/move";
import { ensureReplicationAccount } from "../../../engine/movers/mariadb/accounts/accounts";
import { follow, stopFollowing } from "../../../engine/movers/mariadb/replication/follow";
import { newest } from "../../../engine/movers/mariadb/replication/gtid";
import { positions } from "../../../engine/movers/mariadb/replication/status";
import { allWays } from "./ways";
import type { World } from "./world";

/** Undoes whatever a fault did to networks, machines and accounts. What is the tool's task is left to it. */
export async function mend(world: World): Promise<void> {
  for (const way of allWays(world.ways)) way.heal();
  await Promise.all([world.hosts.blue.mend(), world.hosts.green.mend(), world.gateHost.mend()]);
}

/**
 * What the tool tells the owner of a replica with transactions of its own to do: discard its data and copy the
 * primary's. The wiki's writes are stopped meanwhile.
 */
export async function copyAnew(world: World): Promise<void> {
  const { pair, servers, clients, gate } = world;
  await gate.hold(20_000);
  const left = await gate.drain(5_000);
  if (left > 0) throw new Error(`${left} writes are still in flight; nothing can be copied beside them`);
  const { side: active } = await findPrimary(servers);
  const primary = servers[active];
  const replica = servers[otherSide(active)];
  await stopFollowing(primary);
  const own = await replica.sessionWithoutBinlog();
  await own.run("STOP SLAVE");
  await own.run("RESET SLAVE ALL");
  await own.run("RESET MASTER");
  await own.run("TRUNCATE ??.entry", [pair.database]);
  const rows = await primary.rows<{ id: string; token: string; side: string }>(
    "SELECT id, token, side FROM ??.entry ORDER BY id",
    [pair.database],
  );
  if (rows.length > 0)
    await own.run("INSERT INTO ??.entry (id, token, side) VALUES ?", [
      pair.database,
      rows.map(({ id, token, side }) => [id, token, side]),
    ]);
  const role = await primary.row<{ role: string; epoch: string }>("SELECT role, epoch FROM wikiferry.role");
  await own.run("UPDATE wikiferry.role SET role = ?, epoch = ?", [role?.role, role?.epoch]);
  const { binlog, applied } = await positions(primary);
  await own.run("SET GLOBAL gtid_slave_pos = ?", [newest(binlog, applied)]);
  for (const server of [primary, replica]) await ensureReplicationAccount(server, pair.replicationPassword);
  await follow(replica, primary, pair.replicationPassword);
  await gate.release();
  if (clients.isWriting) await clients.acknowledges(1, { timeoutMs: 10_000 });
}
