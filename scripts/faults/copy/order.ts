import type { MoveSpec, Secrets } from "../../../engine/move";

/** The order that the tool's process receives. */
export interface ChildOrder {
  spec: MoveSpec;
  secrets: Secrets;
  pieceBytes?: number;
  thenFollow?: boolean;
}

/** What it reports. */
export type ChildEvent =
  | { kind: "report"; message: string }
  | { kind: "piece"; range: number; table: string; after: string[] }
  | { kind: "copied"; bytes: number; rows: number; peakBytes: number }
  | { kind: "following" }
  | { kind: "failed"; message: string };
