import { appendFile, mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import type { Side } from "../../move";
import type { Server } from "../../runtime/mariadb/server";
import type { JournalEntry, JournalRecord } from "../store";

/**
 * What happened in this move, as rows of `wikiferry.journal` (without the binary log, so each server has the rows that
 * were written on it) and as JSON lines.
 */
export class Journal {
  constructor(
    /** Where rows go. Without it, only lines are written. Its control schema must exist. */
    private readonly server: Server | undefined,
    /** The file for JSON lines, created with its directory. Without it, no lines are written. */
    private readonly file?: string,
  ) {}

  async append(entry: JournalEntry): Promise<void> {
    const record: JournalRecord = { at: new Date().toISOString(), ...entry };
    if (this.file) {
      await mkdir(dirname(this.file), { recursive: true });
      await appendFile(this.file, `${JSON.stringify(record)}\n`);
    }
    if (this.server) {
      const session = await this.server.sessionWithoutBinlog();
      await session.run(
        "INSERT INTO wikiferry.journal (at, step, side, host, event, detail) VALUES (?, ?, ?, ?, ?, ?)",
        [
          record.at.replace("T", " ").replace("Z", ""),
          entry.step,
          entry.side ?? "",
          entry.host ?? "",
          entry.event,
          JSON.stringify(entry.detail ?? {}),
        ],
      );
    }
  }
}

/** The rows of one server's journal, oldest first. Never writes. */
export async function readJournal(server: Server): Promise<JournalRecord[]> {
  const rows = await server.rows<Record<"at" | "step" | "side" | "host" | "event" | "detail", string>>(
    "SELECT at, step, side, host, event, detail FROM wikiferry.journal ORDER BY id",
  );
  return rows.map((row) => ({
    at: `${row.at.replace(" ", "T")}Z`,
    step: row.step,
    ...(row.side ? { side: row.side as Side } : {}),
    ...(row.host ? { host: row.host } : {}),
    event: row.event,
    detail: JSON.parse(row.detail) as Record<string, unknown>,
  }));
}
