import type { RunResult } from "./run";

export interface FaultFigures {
  name: string;
  /** In which it happened. */
  runs: number;
  /** How many of the affected flips were committed all the same. */
  committed: number;
  aborted: number;
  /** Longest time in which no side took writes though one could, in milliseconds. */
  maxReadOnlyMs: number;
  lost: number;
  doubled: number;
  twoWriterSamples: number;
}

/** The whole campaign: `reports/faults.json`. */
export interface FaultReport {
  runs: number;
  seed: number;
  perFault: FaultFigures[];
  ok: boolean;
  acknowledged: number;
  /** Writes that failed for the clients. */
  failed: number;
  tookMs: number;
  /** With seed and index, each replays. */
  failures: Pick<RunResult, "index" | "fault" | "at" | "problems" | "story">[];
}

/** @param names Every fault that should have happened, in order. */
export function reportOf(
  seed: number,
  names: readonly string[],
  results: readonly RunResult[],
  tookMs: number,
): FaultReport {
  const perFault = names.map((name) => {
    const struck = results.filter((result) => result.fault === name && result.struck);
    const sum = (of: (result: RunResult) => number) => struck.reduce((total, one) => total + of(one), 0);
    return {
      name,
      runs: struck.length,
      committed: struck.filter(({ outcome }) => outcome === "committed").length,
      aborted: struck.filter(({ outcome }) => outcome === "aborted").length,
      maxReadOnlyMs: struck.reduce((most, one) => Math.max(most, one.maxReadOnlyMs), 0),
      lost: sum((one) => one.lost),
      doubled: sum((one) => one.doubled),
      twoWriterSamples: sum((one) => one.twoWriterSamples),
    };
  });
  const failures = results.filter(({ problems }) => problems.length > 0);
  return {
    runs: results.length,
    seed,
    perFault,
    ok: failures.length === 0 && results.length > 0,
    acknowledged: results.reduce((total, one) => total + one.acknowledged, 0),
    failed: results.reduce((total, one) => total + one.failed, 0),
    tookMs,
    failures: failures.map(({ index, fault, at, problems, story }) => ({
      index,
      fault,
      at,
      problems,
      story,
    })),
  };
}

export function format(report: FaultReport): string {
  const width = Math.max(...report.perFault.map(({ name }) => name.length));
  const head = `${"fault".padEnd(width)}  runs  committed  aborted  longest read-only  lost  doubled  two writers`;
  const rows = report.perFault.map(
    (one) =>
      `${one.name.padEnd(width)}  ${String(one.runs).padStart(4)}  ${String(one.committed).padStart(9)}  ${String(one.aborted).padStart(7)}  ${`${one.maxReadOnlyMs} ms`.padStart(17)}  ${String(one.lost).padStart(4)}  ${String(one.doubled).padStart(7)}  ${String(one.twoWriterSamples).padStart(11)}`,
  );
  const end = report.ok
    ? `${report.runs} runs in ${Math.round(report.tookMs / 1_000)} s, ${report.acknowledged} writes acknowledged: none lost, none doubled, never two writers`
    : `${report.failures.length} of ${report.runs} runs failed: ${report.failures.map(({ index }) => `--replay ${report.seed}:${index}`).join(", ") || "none was made"}`;
  return [head, ...rows, "", end].join("\n");
}
