import { size } from "../../../engine/format";
import { median } from "../../common/median";
import { ratioOf, rounded } from "./figures";
import { type Growth, mostMemoryBytes } from "./growth";
import type { Comparison } from "./pairs";

interface Way {
  seconds: number;
  peakMemoryBytes: number;
}

export interface BenchReport {
  pairs: number;
  /** Data and indexes that each pair copied. */
  bytes: number;
  /** By rows, if measured; else by files. */
  ours: Way;
  /** By files. */
  physical?: Way;
  /** `ratio` is our time divided by theirs; `of` names our method. */
  peers: { name: string; seconds: number; ratio: number; of: "logical" | "physical" }[];
  growth: Growth[];
  /** Our copies whose result differed from the original. */
  differing: number;
  /** How often ours exceeded its memory limit, whatever the size. */
  tooLarge: number;
}

export interface Measured {
  logical?: Comparison;
  physical?: Comparison;
  growth: Growth[];
}

export function reportOf(measured: Measured, pairs: number, bytes: number): BenchReport {
  const { logical, physical, growth } = measured;
  const first = logical ?? physical;
  return {
    pairs,
    bytes,
    ours: first ? wayOf(first) : { seconds: 0, peakMemoryBytes: 0 },
    ...(logical && physical && { physical: wayOf(physical) }),
    peers: [...peersOf("logical", logical), ...peersOf("physical", physical)],
    growth,
    differing:
      (logical?.differing ?? 0) + (physical?.differing ?? 0) + growth.filter(({ same }) => !same).length,
    tooLarge: [...(logical?.ours ?? []), ...(physical?.ours ?? []), ...growth].filter(
      ({ peakMemoryBytes = 0 }) => peakMemoryBytes > mostMemoryBytes,
    ).length,
  };
}

function wayOf({ ours }: Comparison): Way {
  return {
    seconds: rounded(median(ours.map(({ seconds }) => seconds))),
    peakMemoryBytes: Math.max(...ours.map(({ peakMemoryBytes }) => peakMemoryBytes ?? 0)),
  };
}

function peersOf(of: "logical" | "physical", comparison?: Comparison): BenchReport["peers"] {
  return (comparison?.peers ?? []).map(({ name, pairs }) => ({
    name,
    seconds: rounded(median(pairs.map(({ theirs }) => theirs))),
    ratio: rounded(ratioOf(pairs), 3),
    of,
  }));
}

export function format(report: BenchReport): string {
  const row = (name: string, ...cells: string[]) =>
    `  ${name.padEnd(28)}${cells.map((cell) => cell.padStart(14)).join("")}`;
  const way = (name: string, { seconds, peakMemoryBytes }: Way) =>
    row(name, `${seconds.toFixed(1)} s`, "", size(peakMemoryBytes));
  const lines: string[] = [];
  if (report.ours.seconds > 0) {
    lines.push(
      `${size(report.bytes)} of data and indexes, ${report.pairs} pairs, medians`,
      row("", "time", "ours / theirs", "peak memory"),
      way(report.peers.some(({ of }) => of === "logical") ? "ours, by rows" : "ours", report.ours),
      ...(report.physical ? [way("ours, by files", report.physical)] : []),
      ...report.peers.map(({ name, seconds, ratio }) =>
        row(name, `${seconds.toFixed(1)} s`, ratio.toFixed(2)),
      ),
    );
  }
  if (report.growth.length > 0) {
    lines.push("", row("growth", "time", "per GB", "peak memory"));
    for (const { factor, seconds, bytes, peakMemoryBytes } of report.growth)
      lines.push(
        row(
          `${factor} ×, ${size(bytes)}`,
          `${seconds.toFixed(1)} s`,
          `${(seconds / (bytes / 1e9)).toFixed(1)} s`,
          size(peakMemoryBytes),
        ),
      );
  }
  if (report.differing > 0) lines.push("", `${report.differing} of our copies DIFFER from the original`);
  if (report.tooLarge > 0)
    lines.push("", `${report.tooLarge} of our copies took MORE MEMORY than ${size(mostMemoryBytes)}`);
  return `${lines.join("\n")}\n`;
}
