import type { MoveSpec, Secrets } from "../../../engine/move";

/** What the tool's process is told. */
export interface ChildOrder {
  spec: MoveSpec;
  secrets: Secrets;
  pieceBytes?: number;
  thenFollow?: boolean;
}

/** What it says. */
export type ChildEvent =
  | { kind: "report"; message: string }
  | { kind: "piece"; range: number; table: string; after: string[] }
  | { kind: "copied"; bytes: number; rows: number; peakBytes: number }
  | { kind: "following" }
  | { kind: "failed"; message: string };
