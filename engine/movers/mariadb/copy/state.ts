import { readCheckpoint } from "../../../control/mariadb/checkpoint";
import type { Term } from "../../../estimate";
import type { Server } from "../../../runtime/mariadb/server";

export interface CopyResult {
  /** Position of the snapshot. */
  gtid: string;
  /** Size of the dump. */
  bytes: number;
  /** Rows by blue's statistics, which are estimates. */
  rows: number;
  /** Duration of dump and load, in milliseconds. */
  copyMs: number;
  /** Of the run that completed it, one after the other; undefined where the method does not report it. */
  parts?: Term[];
  /** Non-transactional tables (MyISAM, Aria), which a snapshot does not cover and the stream brings into line. */
  converged: string[];
}

/** `none`, or one was started; `copied`: finished, never repeated. */
export type CopyState = { state: "none" | "copying" } | ({ state: "copied" } & CopyResult);

/** The name of the checkpoint that records it on green. */
export const copyCheckpoint = "copy";

/** The progress of the copy on green. Never writes. */
export async function copyState(green: Server): Promise<CopyState> {
  // Only what this table records: an earlier version's schema may lack other tables, and its copy is still a copy.
  const known = await green.value(
    "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'wikiferry' AND table_name = 'checkpoint'",
  );
  const found = known === "0" ? undefined : await readCheckpoint(green, copyCheckpoint);
  if (!found) return { state: "none" };
  if (found.state !== "copied") return { state: "copying" };
  return { state: "copied", ...(found.detail as unknown as CopyResult), gtid: found.gtid };
}
