import { duration, size } from "../../../../format";
import type { Report } from "../../../../progress";

/** The progress of one table's copy. */
export interface TableFigures {
  name: string;
  /** 0 to 100. */
  percent: number;
  bytes: number;
  rows: number;
  /** By blue's statistics. */
  totalBytes: number;
  totalRows: number;
}

/** The progress of a copy. */
export interface CopyFigures {
  /** 0 to 100. */
  percent: number;
  bytes: number;
  rows: number;
  totalBytes: number;
  totalRows: number;
  /** Over the last seconds. */
  bytesPerSecond: number;
  /** Undefined while it can't be estimated. */
  leftMs: number | undefined;
  /** Tables that have been started and are not done. */
  tables: TableFigures[];
}

interface TableCount {
  name: string;
  bytes: number;
  rows: number;
  totalBytes: number;
  totalRows: number;
  done: boolean;
}

/** The rate is averaged over this many of the newest samples, one per second. */
const looks = 10;

/** Counts a copy, and reports its progress once a second: in total, and for each table under way. */
export class CopyProgress {
  private readonly tables = new Map<string, TableCount>();
  private readonly newest: { atMs: number; doneBytes: number; bytes: number }[] = [];
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly report: Report,
    private readonly keep: (figures: CopyFigures) => void = () => {},
  ) {}

  /** @param totalBytes By statistics. @param bytes Copied by earlier runs. */
  add(table: { name: string; totalBytes: number; totalRows: number; bytes: number; rows: number }): void {
    this.tables.set(table.name, { ...table, done: false });
  }

  bytes(table: string, more: number): void {
    const count = this.tables.get(table);
    if (count) count.bytes += more;
  }

  rows(table: string, more: number): void {
    const count = this.tables.get(table);
    if (count) count.rows += more;
  }

  done(table: string): void {
    const count = this.tables.get(table);
    if (count) count.done = true;
  }

  start(): void {
    this.look();
    this.timer = setInterval(() => this.look(), 1000);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  figures(): CopyFigures {
    const all = [...this.tables.values()];
    const sum = (of: (table: TableCount) => number) => all.reduce((total, table) => total + of(table), 0);
    const doneBytes = sum(doneBytesOf);
    const totalBytes = sum((table) => table.totalBytes);
    const first = this.newest[0];
    const elapsedMs = first ? performance.now() - first.atMs : 0;
    const bytes = sum((table) => table.bytes);
    const rate = (from: number | undefined, to: number) =>
      elapsedMs > 0 && from !== undefined ? (to - from) / elapsedMs : 0;
    const doneRate = rate(first?.doneBytes, doneBytes);
    return {
      percent: percentOf(doneBytes, totalBytes),
      bytes,
      rows: sum((table) => table.rows),
      totalBytes,
      totalRows: sum((table) => table.totalRows),
      bytesPerSecond: Math.round(rate(first?.bytes, bytes) * 1000),
      leftMs: doneRate > 0 ? Math.round((totalBytes - doneBytes) / doneRate) : undefined,
      tables: all
        .filter((table) => !table.done && table.bytes > 0)
        .map(({ done: _, ...table }) => ({
          ...table,
          percent: percentOf(Math.min(table.bytes, table.totalBytes), table.totalBytes),
        })),
    };
  }

  private look(): void {
    const figures = this.figures();
    const doneBytes = [...this.tables.values()].reduce((total, table) => total + doneBytesOf(table), 0);
    this.newest.push({ atMs: performance.now(), doneBytes, bytes: figures.bytes });
    if (this.newest.length > looks) this.newest.shift();
    this.report({ step: "copy", message: progressLine(figures), percent: figures.percent });
    this.keep(figures);
  }
}

/** A table's size by statistics and the bytes of its rows differ, so a finished table counts with its statistics. */
function doneBytesOf(table: TableCount): number {
  return table.done ? table.totalBytes : Math.min(table.bytes, table.totalBytes);
}

function percentOf(part: number, whole: number): number {
  return Math.min(99, whole > 0 ? Math.floor((part / whole) * 100) : 0);
}

/** One line for people. */
export function progressLine(figures: Omit<CopyFigures, "totalRows">): string {
  const parts = [
    `${size(figures.bytes)} of about ${size(Math.max(figures.bytes, figures.totalBytes))}`,
    `${figures.rows.toLocaleString("en")} rows`,
    `${size(figures.bytesPerSecond)}/s`,
  ];
  if (figures.leftMs !== undefined) parts.push(`${duration(figures.leftMs)} left`);
  const tables = figures.tables.map(({ name, percent }) => `${name} ${percent} %`);
  return parts.join(", ") + (tables.length > 0 ? ` (${tables.join(", ")})` : "");
}
