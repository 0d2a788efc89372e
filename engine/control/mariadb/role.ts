import { WikiferryError } from "../../errors";
import type { Side } from "../../move";
import type { Server } from "../../runtime/mariadb/server";
import { commitRefused } from "../store";

/** Who is primary: the commit record of all flips. */
export interface Role {
  role: Side;
  /** Incremented by each flip; 0 before the first. */
  epoch: number;
  wiki: string;
  /** UTC, `YYYY-MM-DD hh:mm:ss.ffffff`. */
  changedAt: string;
}

/** ER_NO_SUCH_TABLE, ER_BAD_DB_ERROR. */
const noSuchTable = [1146, 1049];

/** The record as this server knows it; undefined where there is none. Never writes. */
export async function readRole(server: Server): Promise<Role | undefined> {
  const row = await server
    .row<{ role: Side; epoch: number | string; wiki: string; changed_at: string }>(
      "SELECT role, epoch, wiki, changed_at FROM wikiferry.role WHERE id = 1",
    )
    .catch((error: { errno?: number }) => {
      if (!noSuchTable.includes(error.errno ?? 0)) throw error;
      return undefined;
    });
  return row && { role: row.role, epoch: Number(row.epoch), wiki: row.wiki, changedAt: row.changed_at };
}

/**
 * Writes the first record, without the binary log: the row must be the same on both servers before replication starts,
 * so it is written on each. An existing record stays as it is.
 * @param record What to write; on green, blue's record.
 * @throws `CTRL_OTHER_WIKI` when the server's record belongs to another wiki
 */
export async function initRole(
  server: Server,
  record: { wiki: string; role?: Side; epoch?: number },
): Promise<Role> {
  const session = await server.sessionWithoutBinlog();
  await session.run("INSERT IGNORE INTO wikiferry.role VALUES (1, ?, ?, ?, UTC_TIMESTAMP(6))", [
    record.role ?? "blue",
    record.epoch ?? 0,
    record.wiki,
  ]);
  const role = await readRole(server);
  if (role?.wiki !== record.wiki) {
    throw new WikiferryError(
      "CTRL_OTHER_WIKI",
      `${server.side}'s MariaDB belongs to the move of ${role?.wiki ?? "no wiki"}, not ${record.wiki}`,
      "Give this wiki a separate server, or set the config key name to the one that the move started with",
    );
  }
  return role;
}

/**
 * Makes `to` the primary: one statement, which is the fenced server's last transaction and reaches the other through
 * the stream. It changes the row only while `leaseHolder`'s lease for the next epoch on the same server is live and the
 * record is still at `epoch`. The lease row is read under a lock, and the clock (SYSDATE, not the statement's start)
 * after it, so either this commits before somebody ends the lease, or not at all.
 * @param commit.epoch The present epoch of the record; it is `epoch + 1` afterwards.
 * @param commit.position `gtid_binlog_pos` as the server wrote it. The binary log must still end there: what a stray
 * writer wrote after it would exist only on this side.
 * @returns GTID of the commit
 * @throws `CTRL_COMMIT_REFUSED`
 */
export async function commitRole(
  server: Server,
  commit: { to: Side; epoch: number; leaseHolder: string; position: string },
): Promise<string> {
  const session = await server.session();
  const [rows] = await session.resultSets(
    `BEGIN NOT ATOMIC
     UPDATE wikiferry.role r JOIN wikiferry.lease l ON l.id = 1
        SET r.role = ?, r.epoch = r.epoch + 1, r.changed_at = UTC_TIMESTAMP(6)
      WHERE r.id = 1 AND r.epoch = ? AND r.role = ? AND l.holder = ? AND l.epoch = r.epoch + 1 AND l.expires_at > SYSDATE(6)
        AND @@GLOBAL.gtid_binlog_pos = ?;
     SELECT ROW_COUNT() AS changed, @@last_gtid AS gtid;
     END`,
    [commit.to, commit.epoch, server.side, commit.leaseHolder, commit.position],
  );
  if (String(rows?.[0]?.changed) === "1") return String(rows?.[0]?.gtid);
  throw commitRefused(
    server.side,
    { role: commit.to, epoch: commit.epoch, holder: commit.leaseHolder },
    await readRole(server),
  );
}
