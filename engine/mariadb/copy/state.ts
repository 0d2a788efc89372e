import type { Term } from "../../estimate";
import { readCheckpoint } from "../control/checkpoint";
import type { Server } from "../server";

export interface CopyResult {
  /** Position of the snapshot. */
  gtid: string;
  /** Size of the dump. */
  bytes: number;
  /** Rows by blue's statistics, which are estimates. */
  rows: number;
  /** Duration of dump and load, in milliseconds. */
  copyMs: number;
  /** Of the run that ended it, one after the other; undefined where the method does not tell. */
  parts?: Term[];
  /** Tables that a snapshot does not cover (MyISAM, Aria), brought into line by the stream. */
  converged: string[];
}

/** `none`, or one was begun; `copied`: finished, never repeated. */
export type CopyState = { state: "none" | "copying" } | ({ state: "copied" } & CopyResult);

/** The name of the checkpoint that records it on green. */
export const copyCheckpoint = "copy";

/** How far the copy on green is. Never writes. */
export async function copyState(green: Server): Promise<CopyState> {
  // Only of the table that says it: a schema of an earlier version may lack others, and its copy is a copy.
  const known = await green.value(
    "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'wikiferry' AND table_name = 'checkpoint'",
  );
  const found = known === "0" ? undefined : await readCheckpoint(green, copyCheckpoint);
  if (!found) return { state: "none" };
  if (found.state !== "copied") return { state: "copying" };
  return { state: "copied", ...(found.detail as unknown as CopyResult), gtid: found.gtid };
}
