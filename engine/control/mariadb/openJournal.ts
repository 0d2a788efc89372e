import type { Server } from "../../runtime/mariadb/server";
import { Journal } from "./journal";

/** Where the journal's JSON lines go, beside the rows in the database. Unset writes none. */
const lines = () => process.env.WIKIFERRY_JOURNAL || undefined;

/** The journal of what happens on a server's side of the move. */
export function journalOn(server: Server): Journal {
  return new Journal(server, lines());
}
