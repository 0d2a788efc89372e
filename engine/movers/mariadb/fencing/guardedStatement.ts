import { WikiferryError } from "../../../errors";
import type { Row, Session } from "../../../runtime/mariadb/server";

/** ER_SIGNAL_EXCEPTION: the server's own refusal, see `statements.ts`. */
const refusal = 1644;

/**
 * Sends a statement that the server itself may refuse.
 * @returns the rows of each SELECT in it
 * @throws `CTRL_REFUSED` when the server's rows forbid it
 */
export async function runGuarded(session: Session, statement: string, values: unknown[]): Promise<Row[][]> {
  try {
    return await session.resultSets(statement, values);
  } catch (error) {
    if ((error as { errno?: number }).errno !== refusal) throw error;
    throw new WikiferryError(
      "CTRL_REFUSED",
      `${session.side}'s MariaDB refused a statement: ${(error as Error).message}`,
      "It changed nothing. Another run may be at work or have finished: see `npm run status`, then run again",
      { cause: error },
    );
  }
}
