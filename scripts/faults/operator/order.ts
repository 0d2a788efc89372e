import type { Address, CutoverLimits, DatabaseSide, Side } from "../../../engine/move";

/** Everything that a process needs to act as the tool. It is sent through the process's standard input. */
export interface OperatorOrder {
  places: Record<Side, DatabaseSide>;
  passwords: Record<Side, string>;
  sshPrivateKey: string;
  database: string;
  replicationPassword: string;
  limits: CutoverLimits;
  gate: { admin: Address; password: string };
  /** Web tiers, as the tool reaches them. */
  apps: Record<Side, { host: string; port: number }>;
  from: Side;
  to: Side;
  halt?: Halt;
}

/** What the process does to itself at a point. */
export interface Halt {
  /** The report, without its numbers, that marks the point. */
  at: string;
  /** Counted from that report, in milliseconds; 0 means at the report itself, before anything else is done. */
  delayMs: number;
  /** Ends by SIGKILL, stops by SIGSTOP, or only reports it. */
  how: "kill" | "stop" | "tell";
}

/** What the process reports, a line of JSON each. */
export type OperatorLine =
  | { said: string; at: number }
  | { halted: string; at: number }
  | { ended: OperatorEnd; at: number };

export type OperatorEnd =
  | { outcome: "flipped" | "nothing to do"; readOnlyMs: number; holdMs: number }
  | { outcome: "failed"; code: string; message: string };

/** A report as a point's name, without what differs from flip to flip. */
export function pointOf(report: { step: string; message: string }): string {
  return `${report.step}: ${report.message}`
    .replace(/\b\d+(?:-\d+){2}(?:,\d+-\d+-\d+)*\b/g, "GTID")
    .replace(/\d+(?:\.\d+)?/g, "#")
    .replace(/\b(?:blue|green)\b/g, "SIDE");
}
