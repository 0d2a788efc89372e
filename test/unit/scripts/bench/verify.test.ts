import { corruptions, spoiledTables } from "../../../../scripts/bench/verify/corruptions";
import { parseOptions } from "../../../../scripts/bench/verify/options";
import { readChecksums } from "../../../../scripts/bench/verify/peers/percona/percona";
import { allFound, type BenchReport, format, peerOf } from "../../../../scripts/bench/verify/report";

const report: BenchReport = {
  pairs: 2,
  ours: { seconds: 2, peakMemoryBytes: 100e6 },
  peers: [{ name: "pt-table-checksum", seconds: 4, ratio: 0.5 }],
  growth: [{ factor: 1, bytes: 125e6, seconds: 1, peakMemoryBytes: 90e6 }],
  corruptions: [{ name: "sign", found: true, foundByPeer: false }],
};

describe("the benchmark of the comparison", () => {
  it("takes the median of the ratios, not the ratio of the medians", () => {
    const pairs = [
      { ours: 1, peer: 2 },
      { ours: 3, peer: 4 },
      { ours: 9, peer: 10 },
    ];
    expect(peerOf("other", pairs)).toEqual({ name: "other", seconds: 4, ratio: 0.75 });
  });

  it("fails when one corruption is not found, whatever the peer finds", () => {
    expect(allFound(report)).toBe(true);
    expect(allFound({ ...report, corruptions: [{ name: "sign", found: false, foundByPeer: true }] })).toBe(
      false,
    );
  });

  it("shows both sides", () => {
    const text = format(report);
    expect(text).toContain("  ours              2.00 s, memory 100 MB\n");
    expect(text).toContain("  pt-table-checksum 4.00 s; ours takes 0.50 of it\n");
    expect(text).toMatch(/ {2}sign +found +missed\n/);
    expect(text).toContain("1 of 1 found; 1 missed by the peer");
  });

  it("reads what pt-table-checksum prints: tables with differences, and its own time", () => {
    const output = `took 1500000000
Checking if all tables can be checksummed ...
Starting checksum ...
            TS ERRORS  DIFFS     ROWS  DIFF_ROWS  CHUNKS SKIPPED    TIME TABLE
11-21T17:17:32      0      0      300          0       1       0   0.052 spoiled.spoiled_09
11-21T17:17:32      0      1      301          1       1       0   0.047 spoiled.spoiled_20
11-21T17:17:32      0      1      301          1       1       0   0.047 elsewhere.t
`;
    expect(readChecksums(output, "spoiled")).toEqual({ seconds: 1.5, differing: ["spoiled_20"] });
    expect(() => readChecksums("took 5\nCannot connect to it", "spoiled")).toThrow("Cannot connect");
  });

  it("corrupts different rows with a different seed, and the same rows with the same seed", () => {
    const spoils = (seed: number) => spoiledTables("d", seed).flatMap((table) => table.spoils);
    expect(spoils(1)).toEqual(spoils(1));
    expect(spoils(1)).not.toEqual(spoils(2));
    expect(new Set(corruptions.map(({ name }) => name)).size).toBe(corruptions.length);
  });

  it("knows its defaults", () => {
    expect(parseOptions([])).toEqual({ gb: 0.5, pairs: 5, sessions: 4, growth: true, seed: 1, json: false });
    expect(parseOptions(["--no-growth", "--gb", "0.1"])).toMatchObject({ growth: false, gb: 0.1 });
  });
});
