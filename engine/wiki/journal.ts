import { Journal } from "../mariadb/control/journal";
import type { Server } from "../mariadb/server";

/** Where the JSON lines of the journal go, beside the rows in the database; unset writes none. */
const lines = () => process.env.WIKIFERRY_JOURNAL || undefined;

/** The journal of what is done on a server's side of the move. */
export function journalOn(server: Server): Journal {
  return new Journal(server, lines());
}
