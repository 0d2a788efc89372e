import type { Side } from "../../../../engine/move";

/** What the parent sends once. */
export interface LoadOrder {
  host: string;
  port: number;
  /** Writes per second, all clients together. */
  rate: number;
  clients: number;
  /** Page views per second. */
  viewRate: number;
  viewers: number;
  /** Page views ask for pages 1 to this. */
  pages: number;
}

export type LoadCommand = { pause: true } | { go: true } | { take: true };

/** A write that was acknowledged. Times in milliseconds since 1970. */
export interface EditRecord {
  id: number;
  /** When its first attempt began. */
  startedAt: number;
  endedAt: number;
  side: Side;
}

export interface ViewRecord {
  startedAt: number;
  endedAt: number;
}

/** Everything that ended since the last request. */
export interface LoadRecords {
  edits: EditRecord[];
  views: ViewRecord[];
  /** Requests whose answer was not 200, by what was answered. */
  failures: Record<string, number>;
}

export function failuresOf(records: LoadRecords): number {
  return Object.values(records.failures).reduce((sum, n) => sum + n, 0);
}
