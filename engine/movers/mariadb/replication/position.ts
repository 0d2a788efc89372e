import { explainFullDisk, givenRoom } from "../../../control/mariadb/diskReserve";
import type { Session } from "../../../runtime/mariadb/server";
import { runGuarded } from "../fencing/guardedStatement";
import { underALease } from "../fencing/statements";

/** MariaDB empties `mysql.gtid_slave_pos` by replacing its file. */
const settingPosition = (position: string) => givenRoom(`SET GLOBAL gtid_slave_pos = ${position}`);

/**
 * Sets where a stopped replica continues; with a holder, only while that holder's lease on it is live.
 * @param session Without binary log.
 * @throws `CTRL_DISK_SPACE`, `CTRL_REFUSED`
 */
export async function goOnFrom(session: Session, position: string, leaseHolder?: string): Promise<void> {
  const setting = settingPosition("?");
  const work =
    leaseHolder === undefined
      ? session.resultSets(`BEGIN NOT ATOMIC ${setting}; END`, [position])
      : runGuarded(session, underALease(setting), [leaseHolder, position]);
  await explainFullDisk(session, work);
}

/** ER_MASTER_GTID_POS_CONFLICTS_WITH_BINLOG: a write came between reading and setting the position. */
const overtaken = 1947;

/**
 * Sets the end of the server's own binary log as the position to continue from. A former primary's own transactions are
 * not in its `gtid_slave_pos` (MDEV-20122 describes why not `current_pos`).
 * @param session Without binary log.
 * @returns that position
 * @throws `CTRL_DISK_SPACE`
 */
export async function goOnFromHere(session: Session): Promise<string> {
  const statement = `BEGIN NOT ATOMIC
  ${settingPosition("@@GLOBAL.gtid_binlog_pos")};
  SELECT @@GLOBAL.gtid_slave_pos AS position;
END`;
  for (let attempt = 1; ; attempt++) {
    try {
      const [rows] = await explainFullDisk(session, session.resultSets(statement));
      return String(rows?.[0]?.position);
    } catch (error) {
      if ((error as { errno?: number }).errno !== overtaken || attempt === 50) throw error;
    }
  }
}
