import { z } from "zod";

/** What a load has counted. */
export interface Counts<Figures> {
  /** From the start. */
  total: Figures;
  /** From each mark on. */
  since: Record<string, Figures>;
}

/** The last word of a load. */
export interface LoadSummary<Figures> extends Counts<Figures> {
  startedAt: string;
  endedAt: string;
}

/** A line of a load's standard output. */
export interface Message<Figures, Ready, Summary> {
  ready?: Ready;
  stats?: Counts<Figures>;
  done?: number;
  summary?: Summary;
  error?: { code: string; found: string; remedy: string };
}

export const httpUrl = z.url({
  protocol: /^http$/,
  error: "an http:// address, such as http://127.0.0.1:8080",
});

/** Commands to a load after its options, one JSON object a line. A command with `n` is answered with `{"done": n}`. */
export const loadCommand = z.union([
  z.strictObject({ n: z.int().optional(), target: httpUrl }),
  z.strictObject({ n: z.int().optional(), mark: z.string().min(1) }),
  z.strictObject({ n: z.int().optional(), stop: z.literal(true) }),
]);
