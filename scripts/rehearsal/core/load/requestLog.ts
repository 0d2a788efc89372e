import { readFileSync } from "node:fs";
import { JsonLines, parseLines } from "./jsonLines";

/** The kind of a request that reads; every other kind writes. */
export const reading = "view";

export interface RequestRecord {
  /** Epoch. */
  startedAtMs: number;
  latencyMs: number;
  /** `view`, or what a world calls a request that writes. */
  kind: string;
  ok: boolean;
  /** `blue` or `green`, where the answer told. */
  side?: string;
}

type Row = [startedAtMs: number, latencyMs: number, kind: string, ok: 0 | 1, side?: string];

export class RequestLog {
  private readonly lines: JsonLines<Row>;

  constructor(path: string) {
    this.lines = new JsonLines(path);
  }

  write(record: RequestRecord): void {
    const row: Row = [
      record.startedAtMs,
      Math.round(record.latencyMs * 10) / 10,
      record.kind,
      record.ok ? 1 : 0,
    ];
    if (record.side) row.push(record.side);
    this.lines.write(row);
  }

  close(): void {
    this.lines.close();
  }
}

/** Requests that were under way at some time between `fromMs` and `toMs` (epoch). */
export function readRequests(path: string, fromMs = 0, toMs = Number.POSITIVE_INFINITY): RequestRecord[] {
  return parseLines<Row>(readFileSync(path, "utf8"))
    .map(([startedAtMs, latencyMs, kind, ok, side]) => ({ startedAtMs, latencyMs, kind, ok: ok === 1, side }))
    .filter((record) => record.startedAtMs <= toMs && record.startedAtMs + record.latencyMs >= fromMs);
}
