import type { Server } from "../../runtime/mariadb/server";

/** How far a step has got on this server, for the run that continues it. */
export interface Checkpoint {
  state: string;
  gtid: string;
  detail: Record<string, unknown>;
  /** UTC of the server. */
  updatedAt: string;
}

/** Never writes. */
export async function readCheckpoint(server: Server, name: string): Promise<Checkpoint | undefined> {
  const row = await server.row<Record<"state" | "gtid" | "detail" | "updated_at", string>>(
    "SELECT state, gtid, detail, updated_at FROM wikiferry.checkpoint WHERE name = ?",
    [name],
  );
  return (
    row && {
      state: row.state,
      gtid: row.gtid,
      detail: JSON.parse(row.detail) as Record<string, unknown>,
      updatedAt: row.updated_at,
    }
  );
}

/** Not logged: a checkpoint belongs to one server. */
export async function writeCheckpoint(
  server: Server,
  name: string,
  checkpoint: { state: string; gtid?: string; detail?: Record<string, unknown> },
): Promise<void> {
  const session = await server.sessionWithoutBinlog();
  await session.run("REPLACE INTO wikiferry.checkpoint VALUES (?, ?, ?, ?, UTC_TIMESTAMP(6))", [
    name,
    checkpoint.state,
    checkpoint.gtid ?? "",
    JSON.stringify(checkpoint.detail ?? {}),
  ]);
}
