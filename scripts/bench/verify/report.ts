import { size } from "../../../engine/format";
import { median } from "../../common/median";

export interface Pair {
  ours: number;
  peer: number;
}

export interface BenchReport {
  pairs: number;
  ours: { seconds: number; peakMemoryBytes: number };
  peers: { name: string; seconds: number; ratio: number }[];
  growth: { factor: number; bytes: number; seconds: number; peakMemoryBytes: number }[];
  corruptions: { name: string; found: boolean; foundByPeer: boolean }[];
}

/** @param ratio Our time divided by the peer's, for each pair. The median counts. */
export function peerOf(name: string, pairs: readonly Pair[]): BenchReport["peers"][number] {
  return {
    name,
    seconds: rounded(median(pairs.map(({ peer }) => peer))),
    ratio: rounded(median(pairs.map(({ ours, peer }) => ours / peer))),
  };
}

export function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}

export function allFound({ corruptions }: BenchReport): boolean {
  return corruptions.every(({ found }) => found);
}

export function format(report: BenchReport): string {
  const missed = report.corruptions.filter(({ foundByPeer }) => !foundByPeer).length;
  return `${[
    `${report.pairs} pairs`,
    `  ours              ${report.ours.seconds.toFixed(2)} s, memory ${size(report.ours.peakMemoryBytes)}`,
    ...report.peers.map(
      ({ name, seconds, ratio }) =>
        `  ${name.padEnd(18)}${seconds.toFixed(2)} s; ours takes ${ratio.toFixed(2)} of it`,
    ),
    ...report.growth.map(
      ({ factor, bytes, seconds, peakMemoryBytes }) =>
        `  ${`${factor} ×`.padEnd(5)}${size(bytes).padStart(9)}: ${seconds.toFixed(2)} s, memory ${size(peakMemoryBytes)}`,
    ),
    "corruptions                                           ours      peer",
    ...report.corruptions.map(
      ({ name, found, foundByPeer }) =>
        `  ${name.padEnd(50)}  ${(found ? "found" : "MISSED").padEnd(8)}  ${foundByPeer ? "found" : "missed"}`,
    ),
    `  ${report.corruptions.filter(({ found }) => found).length} of ${report.corruptions.length} found; ${missed} missed by the peer`,
  ].join("\n")}\n`;
}
