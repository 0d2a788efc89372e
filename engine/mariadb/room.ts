import { messageOf, WikiferryError } from "../errors";
import { isDiskFull } from "./diskFull";
import type { Session } from "./server";

/** What a new file of InnoDB's takes, and a fourth more. It costs 0.5 ms; a table made each time costs 15. */
const takeRoom = "INSERT INTO wikiferry.room VALUES (REPEAT('-', 5 * @@GLOBAL.innodb_page_size))";

/**
 * A block for a compound statement: what makes one new file of InnoDB's is done if the server's disk has room for it.
 * With too little the statement would fail, and then InnoDB (10.11.19) may not read its log at the next start: "Missing
 * FILE_CREATE, FILE_DELETE or FILE_MODIFY", of which nothing but a copy of another server helps (MDEV-37994 names the
 * case and leaves it open). So a file of another engine, which fails without harm, takes the room first and gives it
 * back. The schema `wikiferry` must be there.
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
 * Makes a table, if the server's disk has room for its file; see `givenRoom`.
 * @param session unlogged
 * @throws `CTRL_DISK_SPACE`
 */
export async function makeTable(session: Session, statement: string, values?: unknown[]): Promise<void> {
  const block = `BEGIN NOT ATOMIC ${givenRoom(statement)}; END`;
  await explainFullDisk(session, session.resultSets(block, values));
}

/** @throws `CTRL_DISK_SPACE` for what failed because the server's disk is full; all else as it is */
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

/** The way out where a server's disk is full, or soon will be. */
export function freeSomeSpace(side: string): string {
  return `Free some space on ${side}: a database that can't write its binary log stops`;
}
