import type { DatabaseSide } from "../../../../engine/move";

/** What the process that compares is told. It comes over the channel to it: there are passwords in it. */
export interface CompareOrder {
  sides: Record<"primary" | "replica", { place: DatabaseSide; password: string }>;
  sshPrivateKey: string;
  database: string;
  sessions: number;
}

export interface CompareAnswer {
  /** From the first connection to the recorded result. */
  seconds: number;
  /** Of the process, its code included. */
  peakMemoryBytes: number;
  /** Tables that differ; undefined if it failed otherwise. */
  differing?: string[];
  problem?: string;
}
