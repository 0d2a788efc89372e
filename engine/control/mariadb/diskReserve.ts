import { messageOf, WikiferryError } from "../../errors";
import type { Session } from "../../runtime/mariadb/server";
import { isDiskFull } from "./diskFull";

/**
 * Space for a new file of InnoDB and a quarter more. Reserving it costs 0.5 ms; creating a table for it each time would
 * cost 15.
 */
const takeRoom = "INSERT INTO wikiferry.room VALUES (REPEAT('-', 5 * @@GLOBAL.innodb_page_size))";

/**
 * A block for a compound statement: creates one new InnoDB file only if the server's disk has space for it. With too
 * little space the statement would fail, and InnoDB (10.11.19) might then refuse to read its log at the next start:
 * "Missing FILE_CREATE, FILE_DELETE or FILE_MODIFY", which only a copy of another server cures (MDEV-37994 describes
 * the case and leaves it open). So a file of another engine, which fails without harm, takes the space first and frees
 * it. The schema `wikiferry` must exist.
 */
export function givenRoom(statement: string): string {
  return `BEGIN
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
    ${statement};
  END`;
}

/**
 * Creates a table if the server's disk has space for its file; see `givenRoom`.
 * @param session Without binary log.
 * @throws `CTRL_DISK_SPACE`
 */
export async function makeTable(session: Session, statement: string, values?: unknown[]): Promise<void> {
  const block = `BEGIN NOT ATOMIC ${givenRoom(statement)}; END`;
  await explainFullDisk(session, session.resultSets(block, values));
}

/** @throws `CTRL_DISK_SPACE` for what failed because the server's disk is full; any other error unchanged */
export async function explainFullDisk<T>({ side }: Session, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!isDiskFull(error)) throw error;
    throw new WikiferryError(
      "CTRL_DISK_SPACE",
      `the disk of ${side}'s MariaDB is full (${messageOf(error)})`,
      `${freeSomeSpace(side)}. Then run again`,
      { cause: error },
    );
  }
}

/** The remedy where a server's disk is full, or soon will be. */
export function freeSomeSpace(side: string): string {
  return `Free some space on ${side}: a database that can't write its binary log stops`;
}
