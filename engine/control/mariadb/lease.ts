import type { Row, Server } from "../../runtime/mariadb/server";
import { type Lease, type LeaseWish, leaseLost } from "../store";

/** SYSDATE, which is UTC in a session of `Server`: in a compound statement UTC_TIMESTAMP may be that of its start. */
const select = `SELECT holder, purpose, epoch, TIMESTAMPDIFF(MICROSECOND, SYSDATE(6), expires_at) AS left_us
  FROM wikiferry.lease WHERE id = 1`;

/** The lease on this server, ended or not. Never writes. */
export async function readLease(server: Server): Promise<Lease | undefined> {
  return leaseOf(await server.row(select));
}

function leaseOf(row: Row | undefined): Lease | undefined {
  return (
    row && {
      holder: String(row.holder),
      purpose: String(row.purpose),
      epoch: Number(row.epoch),
      leftMs: Number(row.left_us) / 1000,
    }
  );
}

/**
 * Takes the lease, or prolongs it for its own holder. One statement decides, by the server's clock, so that of two
 * operators one wins. Not logged: a lease is one server's own.
 * @returns The lease that stands in the way, another's or one that was over at once; undefined when it was taken.
 */
export async function tryLease(server: Server, lease: LeaseWish): Promise<Lease | undefined> {
  const session = await server.sessionWithoutBinlog();
  const durationUs = Math.round(lease.durationMs * 1000);
  // Assignments run from left to right, so each still sees the old holder and expiry: holder and expiry come last.
  const [rows] = await session.resultSets(
    `BEGIN NOT ATOMIC
     INSERT INTO wikiferry.lease (id, holder, purpose, epoch, acquired_at, expires_at)
     VALUES (1, ?, ?, ?, UTC_TIMESTAMP(6), UTC_TIMESTAMP(6) + INTERVAL ? MICROSECOND)
     ON DUPLICATE KEY UPDATE
       purpose = IF(holder = VALUES(holder) OR expires_at <= UTC_TIMESTAMP(6), VALUES(purpose), purpose),
       epoch = IF(holder = VALUES(holder) OR expires_at <= UTC_TIMESTAMP(6), VALUES(epoch), epoch),
       acquired_at = IF(holder <> VALUES(holder) AND expires_at <= UTC_TIMESTAMP(6), VALUES(acquired_at), acquired_at),
       holder = IF(expires_at <= UTC_TIMESTAMP(6), VALUES(holder), holder),
       expires_at = IF(holder = VALUES(holder), VALUES(expires_at), expires_at);
     ${select};
     END`,
    [lease.holder, lease.purpose, lease.epoch, durationUs],
  );
  const now = leaseOf(rows?.[0]) as Lease;
  return now.holder === lease.holder && now.leftMs > 0 ? undefined : now;
}

/**
 * Prolongs the lease of `holder` to `durationMs` from now; with `aim` it is for that from now on.
 * @throws `CTRL_LEASE_LOST` when it has ended, even if nobody else took it
 */
export async function renewLease(
  server: Server,
  holder: string,
  durationMs: number,
  aim?: { purpose: string; epoch: number },
): Promise<void> {
  const session = await server.sessionWithoutBinlog();
  const changed = await session.run(
    `UPDATE wikiferry.lease
        SET purpose = COALESCE(?, purpose), epoch = COALESCE(?, epoch),
            expires_at = UTC_TIMESTAMP(6) + INTERVAL ? MICROSECOND
      WHERE id = 1 AND holder = ? AND expires_at > UTC_TIMESTAMP(6)`,
    [aim?.purpose ?? null, aim?.epoch ?? null, Math.round(durationMs * 1000), holder],
  );
  if (changed === 1) return;
  throw leaseLost(holder, server.side, await readLease(server));
}

/** Ends the lease of `holder`, also for a commit that began before; another's stays. */
export async function releaseLease(server: Server, holder: string): Promise<void> {
  const session = await server.sessionWithoutBinlog();
  await session.run("UPDATE wikiferry.lease SET expires_at = '2000-01-01' WHERE id = 1 AND holder = ?", [
    holder,
  ]);
}
