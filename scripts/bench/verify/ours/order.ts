import type { DatabaseSide } from "../../../../engine/move";

/** What the comparing process receives. It arrives over the channel, because it contains passwords. */
export interface CompareOrder {
  sides: Record<"primary" | "replica", { place: DatabaseSide; password: string }>;
  sshPrivateKey: string;
  database: string;
  sessions: number;
}

export interface CompareAnswer {
  /** From the first connection to the recorded result. */
  seconds: number;
  /** Memory of the process, its code included. */
  peakMemoryBytes: number;
  /** Tables that differ; undefined if it failed for another reason. */
  differing?: string[];
  problem?: string;
}
