import type { Address, CutoverLimits, DatabaseSide, Side } from "../../../engine/move";

/** All that a process needs to be the tool. It is sent through the process's standard input. */
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

/** What the process does to itself when it comes to a point. */
export interface Halt {
  /** The report, without its numbers, at which it counts. */
  at: string;
  /** Counted from that report, in milliseconds; 0 is at the report itself, before anything further is done. */
  delayMs: number;
  /** End by SIGKILL, stop by SIGSTOP, or only say so. */
  how: "kill" | "stop" | "tell";
}

/** What the process says, a line of JSON each. */
export type OperatorLine =
  | { said: string; at: number }
  | { halted: string; at: number }
  | { ended: OperatorEnd; at: number };

export type OperatorEnd =
  | { outcome: "flipped" | "nothing to do"; readOnlyMs: number; holdMs: number }
  | { outcome: "failed"; code: string; message: string };

/** A report as a point's name: what differs from flip to flip is taken out. */
export function pointOf(report: { step: string; message: string }): string {
  return `${report.step}: ${report.message}`
    .replace(/\b\d+(?:-\d+){2}(?:,\d+-\d+-\d+)*\b/g, "GTID")
    .replace(/\d+(?:\.\d+)?/g, "#")
    .replace(/\b(?:blue|green)\b/g, "SIDE");
}
