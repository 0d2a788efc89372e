import { byChanceOfThree, longest, type Spread, spreadOf, stepSpreads } from "./figures";
import type { Series } from "./flips";
import type { PeerSeries } from "./peers/peer";

export interface PeerReport {
  name: string;
  pauseMs: Spread;
  flips: number;
  failedRequests: number;
  acknowledged: number;
  lost: number;
  editMaxWaitMs: number;
}

export interface BenchReport {
  pauseMs: Spread;
  steps: ({ name: string } & Spread)[];
  editMaxWaitMs: number;
  viewMaxMs: number;
  /** Of the stretches before and after all flips, each as long as the flip. */
  viewMaxMsWithoutFlip: number;
  /** In how many flips a page view took longer than all as long before it and after it: a third of them by chance. */
  flipsWithLongestView: number;
  failedRequests: number;
  acknowledged: number;
  lost: number;
  peers: PeerReport[];
}

export function reportOf(series: Series, peers: readonly PeerSeries[]): BenchReport {
  const { flips, ledger, views } = series;
  return {
    pauseMs: spreadOf(flips.map((flip) => flip.pauseMs)),
    steps: stepSpreads(flips),
    editMaxWaitMs: ledger.editMaxWaitMs,
    viewMaxMs: longest(views.flipping.flat()),
    viewMaxMsWithoutFlip: longest([...views.before, ...views.after].flat()),
    flipsWithLongestView: views.flipping.filter(
      (flipping, n) => longest(flipping) > longest([...(views.before[n] ?? []), ...(views.after[n] ?? [])]),
    ).length,
    failedRequests: ledger.failedRequests,
    acknowledged: ledger.acknowledged,
    lost: ledger.lost,
    peers: peers.map(({ name, pausesMs, ledger }) => ({
      name,
      pauseMs: spreadOf(pausesMs),
      flips: pausesMs.length,
      failedRequests: ledger.failedRequests,
      acknowledged: ledger.acknowledged,
      lost: ledger.lost,
      editMaxWaitMs: ledger.editMaxWaitMs,
    })),
  };
}

/** Whether nothing failed and nothing was lost. */
export function isClean({ failedRequests, lost }: BenchReport): boolean {
  return failedRequests === 0 && lost === 0;
}

export function format(report: BenchReport, series: Series): string {
  const row = (name: string, spread: Spread) =>
    `  ${name.padEnd(36)}${[spread.p50, spread.p99, spread.max].map((ms) => ms.toFixed(1).padStart(9)).join("")}`;
  const { flipping, before, after } = series.views;
  const chance = byChanceOfThree(series.flips.length);
  const lines = [
    `${series.flips.length} flips at ${series.writesPerSecond.toFixed(0)} writes/s`,
    `  ${"milliseconds".padEnd(36)}${["p50", "p99", "max"].map((name) => name.padStart(9)).join("")}`,
    row("write pause", report.pauseMs),
    ...report.steps.map((step) => row(`  ${step.name}`, step)),
    row("edit without a flip", spreadOf(series.calmEdits)),
    row("page view during a flip", spreadOf(flipping.flat())),
    row("page view without a flip", spreadOf([...before, ...after].flat())),
    row("longest page view of each flip", spreadOf(flipping.map(longest))),
    row("  as long before it", spreadOf(before.map(longest))),
    row("  as long after it", spreadOf(after.map(longest))),
    `  longest wait of an edit ${report.editMaxWaitMs} ms, of a page view ${report.viewMaxMs} ms (without a flip ${report.viewMaxMsWithoutFlip} ms)`,
    `  of these three stretches the flip had the longest page view in ${report.flipsWithLongestView} of ${series.flips.length} (by chance: ${chance.from} to ${chance.to})`,
    `  ${report.acknowledged} writes acknowledged, the warm-up's too, ${report.lost} lost, ${report.failedRequests} requests failed${inWords(series.ledger.failures)}`,
  ];
  for (const peer of report.peers) {
    lines.push(
      "",
      `${peer.name}, ${peer.flips} flips`,
      row("write pause", peer.pauseMs),
      `  longest wait of an edit ${peer.editMaxWaitMs} ms; ${peer.acknowledged} writes acknowledged, ${peer.lost} lost, ${peer.failedRequests} requests failed`,
      `  write pause ${(peer.pauseMs.p50 / report.pauseMs.p50).toFixed(0)} times as long as ours (p50)`,
    );
  }
  return `${lines.join("\n")}\n`;
}

function inWords(failures: Record<string, number>): string {
  const all = Object.entries(failures).map(([what, n]) => `${n} × ${what}`);
  return all.length === 0 ? "" : ` (${all.join(", ")})`;
}
