import { explainFullDisk, givenRoom } from "../room";
import { obey } from "../rule/obey";
import { underALease } from "../rule/statements";
import type { Session } from "../server";

/** MariaDB empties `mysql.gtid_slave_pos` by putting a new file in its place. */
const settingPosition = (position: string) => givenRoom(`SET GLOBAL gtid_slave_pos = ${position}`);

/**
 * Sets where a stopped replica goes on; with a holder, only while that one's lease on it lasts.
 * @param session unlogged
 * @throws `CTRL_DISK_SPACE`, `CTRL_REFUSED`
 */
export async function goOnFrom(session: Session, position: string, leaseHolder?: string): Promise<void> {
  const setting = settingPosition("?");
  const work =
    leaseHolder === undefined
      ? session.resultSets(`BEGIN NOT ATOMIC ${setting}; END`, [position])
      : obey(session, underALease(setting), [leaseHolder, position]);
  await explainFullDisk(session, work);
}

/** ER_MASTER_GTID_POS_CONFLICTS_WITH_BINLOG: a write came between the reading and the setting. */
const overtaken = 1947;

/**
 * Sets the end of the server's own binary log as where it goes on. A former primary's own transactions are not in its
 * `gtid_slave_pos` (MDEV-20122 describes why not `current_pos`).
 * @param session unlogged
 * @returns where that is
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
