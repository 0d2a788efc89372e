import { inTurn, ratioOf } from "../../../../scripts/bench/copy/figures";
import { parseOptions } from "../../../../scripts/bench/copy/options";
import type { Comparison } from "../../../../scripts/bench/copy/pairs";
import { format, reportOf } from "../../../../scripts/bench/copy/report";
import { blockBytes, writeProse } from "../../../../scripts/bench/data/prose";
import { rowsFor, wikiTables } from "../../../../scripts/bench/data/tables";
import { median } from "../../../../scripts/common/median";

describe("bench:copy", () => {
  const logical: Comparison = {
    ours: [
      { seconds: 4, peakMemoryBytes: 200e6 },
      { seconds: 6, peakMemoryBytes: 210e6 },
      { seconds: 5, peakMemoryBytes: 190e6 },
    ],
    peers: [
      {
        name: "mydumper + myloader",
        pairs: [
          { ours: 4, theirs: 8 },
          { ours: 6, theirs: 8 },
          { ours: 5, theirs: 8 },
        ],
      },
    ],
    differing: 0,
  };
  const physical: Comparison = {
    ours: [{ seconds: 3, peakMemoryBytes: 150e6 }],
    peers: [{ name: "mariadb-backup by hand", pairs: [{ ours: 3, theirs: 2 }] }],
    differing: 1,
  };
  const growth = [
    { factor: 1, seconds: 5, peakMemoryBytes: 200e6, bytes: 5e8, same: true },
    { factor: 4, seconds: 19, peakMemoryBytes: 220e6, bytes: 2e9, same: false },
  ];

  it("divides pair by pair and takes the median of the ratios", () => {
    expect(median([5, 1, 3])).toBe(3);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([])).toBeNaN();
    expect(
      ratioOf([
        { ours: 1, theirs: 2 },
        { ours: 9, theirs: 10 },
        { ours: 30, theirs: 40 },
      ]),
    ).toBe(0.75);
  });

  it("lets each contender go first in turn", () => {
    expect(inTurn(["us", "a", "b"], 0)).toEqual(["us", "a", "b"]);
    expect(inTurn(["us", "a", "b"], 1)).toEqual(["b", "a", "us"]);
  });

  it("reports each way beside the tools that do the same, and counts every copy that differs", () => {
    const report = reportOf({ logical, physical, growth }, 3, 5e8);
    expect(report).toEqual({
      pairs: 3,
      bytes: 5e8,
      ours: { seconds: 5, peakMemoryBytes: 210e6 },
      physical: { seconds: 3, peakMemoryBytes: 150e6 },
      peers: [
        { name: "mydumper + myloader", seconds: 8, ratio: 0.625, of: "logical" },
        { name: "mariadb-backup by hand", seconds: 2, ratio: 1.5, of: "physical" },
      ],
      growth,
      differing: 2,
      tooLarge: 0,
    });
    const text = format(report);
    expect(text).toMatch(/mydumper \+ myloader +8\.0 s +0\.63\n/);
    expect(text).toMatch(/4 ×, 2\.0 GB +19\.0 s +9\.5 s +220 MB/);
    expect(text).toMatch(/2 of our copies DIFFER/);
  });

  it("counts every copy that takes more than 256 MB", () => {
    const large = { factor: 16, seconds: 80, peakMemoryBytes: 256e6 + 1, bytes: 8e9, same: true };
    const report = reportOf({ logical, growth: [...growth, large] }, 3, 5e8);
    expect(report.tooLarge).toBe(1);
    expect(format(report)).toMatch(/\n1 of our copies took MORE MEMORY than 256 MB\n$/);
    expect(reportOf({ growth: [{ ...large, peakMemoryBytes: 256e6 }] }, 3, 5e8).tooLarge).toBe(0);
  });

  it("leaves out what was not measured", () => {
    const report = reportOf({ physical, growth: [] }, 1, 5e8);
    expect(report.ours).toEqual({ seconds: 3, peakMemoryBytes: 150e6 });
    expect(report).not.toHaveProperty("physical");
    expect(report.peers).toHaveLength(1);
  });

  it("takes its options, and half a GB and five pairs without", () => {
    expect(parseOptions([])).toMatchObject({ gb: 0.5, pairs: 5, method: "both", json: false });
    expect(parseOptions(["--gb", "2", "--only", "logical, growth"])).toMatchObject({
      gb: 2,
      only: ["logical", "growth"],
    });
  });
});

describe("the data of the benches", () => {
  it("have shares that add up to one, and grow with the size", () => {
    expect(wikiTables.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1);
    for (const table of wikiTables) expect(rowsFor(table, 4e9) / rowsFor(table, 1e9)).toBeCloseTo(4, 1);
  });

  it("are the same for the same seed", () => {
    const [one, again, other] = [writeProse(1), writeProse(1), writeProse(2)];
    expect(again.wide.every((block, at) => block.equals(one.wide[at] as Buffer))).toBe(true);
    expect(other.ascii[3]?.equals(one.ascii[3] as Buffer)).toBe(false);
    for (const block of Object.values(one).flat()) expect(block).toHaveLength(blockBytes);
  });
});
