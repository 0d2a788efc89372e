import { duration } from "../../../engine/format";
import { byChanceOfThree, longest, perMinuteOver, type Spread, spreadOf, stepSpreads } from "./figures";
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

/** Page views longer than these show whether slow ones are more frequent during a flip; in milliseconds. */
const longViewsMs = [2, 5, 10];

export interface BenchReport {
  pauseMs: Spread;
  steps: ({ name: string } & Spread)[];
  editMaxWaitMs: number;
  viewMaxMs: number;
  /** The calm stretches before and after all flips, which together are longer than the flips. */
  viewMaxMsWithoutFlip: number;
  /** Page views per minute that took longer than `ms`. While the longest of all is chance, these are not. */
  viewsPerMinuteOver: { ms: number; flipping: number; withoutFlip: number }[];
  /**
   * In how many flips a page view took longer than any in equal stretches before and after it: a third of them by
   * chance.
   */
  flipsWithLongestView: number;
  failedRequests: number;
  acknowledged: number;
  lost: number;
  peers: PeerReport[];
}

export function reportOf(series: Series, peers: readonly PeerSeries[]): BenchReport {
  const { flips, ledger, views, flippingMs, calm } = series;
  const flipping = views.flipping.flat();
  return {
    pauseMs: spreadOf(flips.map((flip) => flip.pauseMs)),
    steps: stepSpreads(flips),
    editMaxWaitMs: ledger.editMaxWaitMs,
    viewMaxMs: longest(flipping),
    viewMaxMsWithoutFlip: longest(calm.views),
    viewsPerMinuteOver: longViewsMs.map((ms) => ({
      ms,
      flipping: perMinuteOver(flipping, ms, flippingMs),
      withoutFlip: perMinuteOver(calm.views, ms, calm.ms),
    })),
    flipsWithLongestView: views.flipping.filter(
      (its, n) => longest(its) > longest([...(views.before[n] ?? []), ...(views.after[n] ?? [])]),
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
  const { views, calm, flippingMs } = series;
  const { flipping, before, after } = views;
  const chance = byChanceOfThree(series.flips.length);
  const lines = [
    `${series.flips.length} flips at ${series.writesPerSecond.toFixed(0)} writes/s`,
    `  ${"milliseconds".padEnd(36)}${["p50", "p99", "max"].map((name) => name.padStart(9)).join("")}`,
    row("write pause", report.pauseMs),
    ...report.steps.map((step) => row(`  ${step.name}`, step)),
    row("edit without a flip", spreadOf(calm.edits)),
    row("page view during a flip", spreadOf(flipping.flat())),
    row("page view without a flip", spreadOf(calm.views)),
    row("longest page view of each flip", spreadOf(flipping.map(longest))),
    row("  as long before it", spreadOf(before.map(longest))),
    row("  as long after it", spreadOf(after.map(longest))),
    `  of these three stretches the flip had the longest page view in ${report.flipsWithLongestView} of ${series.flips.length} (by chance: ${chance.from} to ${chance.to})`,
    `  longest page view ${report.viewMaxMs} ms in ${duration(flippingMs)} of flips, ${report.viewMaxMsWithoutFlip} ms in ${duration(calm.ms)} without`,
    ...report.viewsPerMinuteOver.map(
      ({ ms, flipping, withoutFlip }) =>
        `    over ${ms} ms took ${flipping} a minute in flips, ${withoutFlip} without`,
    ),
    `  longest wait of an edit ${report.editMaxWaitMs} ms`,
    `  ${report.acknowledged} writes acknowledged, including the warm-up, ${report.lost} lost, ${report.failedRequests} requests failed${inWords(series.ledger.failures)}`,
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
