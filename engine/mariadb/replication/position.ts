import { messageOf, WikiferryError } from "../../errors";
import { isDiskFull } from "../diskFull";
import { obey } from "../rule/obey";
import { underALease } from "../rule/statements";
import type { Session } from "../server";

/** What a new file of InnoDB's takes, and a fourth more. It costs 0.5 ms; a table made each time costs 15. */
const takeRoom = "INSERT INTO wikiferry.room VALUES (REPEAT('-', 5 * @@GLOBAL.innodb_page_size))";

/**
 * Sets where the server follows from, if its disk has room. MariaDB empties `mysql.gtid_slave_pos` by putting a new
 * file in its place. With no room for that the statement fails, and then InnoDB (10.11.19) may not read its log at the
 * next start: "Missing FILE_CREATE, FILE_DELETE or FILE_MODIFY", of which nothing but a copy of another server helps
 * (MDEV-37994 names the case and leaves it open). So a file of another engine, which fails without harm, takes the room
 * first and gives it back.
 */
const settingPosition = (position: string) => `BEGIN
    DECLARE EXIT HANDLER FOR SQLEXCEPTION
    BEGIN
      BEGIN
        DECLARE CONTINUE HANDLER FOR SQLEXCEPTION BEGIN END;
        DELETE FROM wikiferry.room;
      END;
      RESIGNAL;
    END;
    BEGIN
      DECLARE EXIT HANDLER FOR SQLEXCEPTION
      BEGIN
        CREATE OR REPLACE TABLE wikiferry.room (filler LONGTEXT NOT NULL) ENGINE = CSV;
        ${takeRoom};
      END;
      ${takeRoom};
    END;
    DELETE FROM wikiferry.room;
    SET GLOBAL gtid_slave_pos = ${position};
  END`;

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
  await explained(session, work);
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
      const [rows] = await explained(session, session.resultSets(statement));
      return String(rows?.[0]?.position);
    } catch (error) {
      if ((error as { errno?: number }).errno !== overtaken || attempt === 50) throw error;
    }
  }
}

async function explained<T>({ side }: Session, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!isDiskFull(error)) throw error;
    throw new WikiferryError(
      "CTRL_DISK_SPACE",
      `the disk of ${side}'s MariaDB is full (${messageOf(error)})`,
      `Free some space on ${side}: a database that can't write its binary log stops. Then run again`,
      { cause: error },
    );
  }
}
