import fc from "fast-check";
import type { FlipResult } from "../../../../engine/movers/mariadb/cutover/context";
import {
  amiss,
  byChanceOfThree,
  handOver,
  longest,
  pauseOf,
  percentile,
  spreadOf,
  stepSpreads,
  stepsOf,
  viewsBetween,
} from "../../../../scripts/bench/cutover/figures";
import type { Series } from "../../../../scripts/bench/cutover/flips";
import { Ledger } from "../../../../scripts/bench/cutover/ledger";
import type { LoadRecords } from "../../../../scripts/bench/cutover/load/records";
import { parseOptions } from "../../../../scripts/bench/cutover/options";
import { format, isClean, reportOf } from "../../../../scripts/bench/cutover/report";

const records: LoadRecords = {
  edits: [
    { id: 1, startedAt: 1_000, endedAt: 1_005, side: "blue" },
    { id: 3, startedAt: 1_020, endedAt: 1_061, side: "green" },
    { id: 2, startedAt: 1_010, endedAt: 1_012.5, side: "blue" },
    { id: 4, startedAt: 1_020, endedAt: 1_060, side: "green" },
  ],
  views: [
    { startedAt: 1_000, endedAt: 1_010 },
    { startedAt: 1_050, endedAt: 1_052 },
    { startedAt: 1_095, endedAt: 1_120 },
  ],
  failures: { "edit: status 503": 2, "view: ECONNRESET": 1 },
};

describe("the benchmark of the cutover", () => {
  it("takes the write pause from the old side's last acknowledgement to the new one's first", () => {
    expect(handOver(records, "blue", "green")).toEqual({ last: 1_012.5, first: 1_060 });
    expect(pauseOf(records, "blue", "green")).toBe(47.5);
  });

  it("reports no pause for a flip around which one side acknowledged nothing", () => {
    const onlyBlue = { ...records, edits: records.edits.filter((edit) => edit.side === "blue") };
    expect(() => pauseOf(onlyBlue, "blue", "green")).toThrow("green acknowledged no write");
    expect(() => pauseOf(onlyBlue, "green", "blue")).toThrow("green acknowledged no write");
  });

  it("returns measured values as percentiles, never too small", () => {
    const fifty = Array.from({ length: 50 }, (_, i) => 50 - i);
    expect(spreadOf(fifty)).toEqual({ p50: 25, p99: 50, max: 50 });
    expect(percentile([7], 50)).toBe(7);
    expect(percentile([], 50)).toBeNaN();
    fc.assert(
      fc.property(
        fc.array(fc.integer(), { minLength: 1 }),
        fc.integer({ min: 1, max: 100 }),
        (values, percent) => {
          const value = percentile(values, percent);
          expect(values).toContain(value);
          const covered = values.filter((other) => other <= value).length;
          expect(covered * 100).toBeGreaterThanOrEqual(percent * values.length);
        },
      ),
    );
  });

  it("counts page views that were under way in a stretch, also those that began before or ended after it", () => {
    expect(viewsBetween(records, 1_005, 1_100)).toEqual([10, 2, 25]);
    expect(viewsBetween(records, 1_011, 1_049)).toEqual([]);
    expect(longest([1.04, 3.26])).toBe(3.3);
  });

  it("knows how often the first of three is the longest by chance, by the exact binomial distribution", () => {
    for (const times of [20, 50, 100, 400]) {
      const { from, to } = byChanceOfThree(times);
      let exactly = (2 / 3) ** times;
      let covered = 0;
      for (let hits = 0; hits <= to; hits++) {
        if (hits >= from) covered += exactly;
        exactly *= (times - hits) / (2 * (hits + 1));
      }
      expect(covered).toBeGreaterThan(0.93);
      expect(covered).toBeLessThan(0.97);
    }
    expect(byChanceOfThree(2)).toEqual({ from: 0, to: 1 });
  });

  it("finds an acknowledged write that is missing and one that is there twice", () => {
    expect(amiss([1, 2, 3], [1, 3, 3, 9])).toEqual([2, 3]);
    expect(amiss([1, 2], [2, 1])).toEqual([]);
  });

  it("adds what the clients waited before and after the engine's steps", () => {
    const result = {
      fencedAtMs: 1_015,
      writePauseMs: 40,
      steps: [
        { name: "fence the primary", ms: 10 },
        { name: "commit", ms: 30 },
      ],
    } as FlipResult;
    const steps = stepsOf(result, handOver(records, "blue", "green"));
    expect(steps).toEqual([
      { name: "last acknowledgement to fence", ms: 2.5 },
      { name: "fence the primary", ms: 10 },
      { name: "commit", ms: 30 },
      { name: "release to first acknowledgement", ms: 5 },
    ]);
    const spreads = stepSpreads([
      { pauseMs: 47.5, steps },
      { pauseMs: 50, steps: [{ name: "commit", ms: 20 }] },
    ]);
    expect(spreads).toContainEqual({ name: "commit", p50: 20, p99: 30, max: 30 });
  });

  it("reports own flips and peers, and is clean only without failed requests and lost writes", () => {
    const ledger = new Ledger();
    ledger.enter({ ...records, failures: {} });
    const series: Series = {
      flips: [{ pauseMs: 47.5, steps: [{ name: "commit", ms: 30 }] }],
      writesPerSecond: 499,
      ledger,
      views: { flipping: [[10]], before: [[9]], after: [[12]] },
      flippingMs: 30_000,
      calm: { ms: 120_000, views: [9, 12, 4.9], edits: [5] },
    };
    const peerLedger = new Ledger();
    peerLedger.enter(records);
    const peers = [{ name: "runbook script", pausesMs: [475, 950], ledger: peerLedger }];
    const report = reportOf(series, peers);
    expect(report).toEqual({
      pauseMs: { p50: 47.5, p99: 47.5, max: 47.5 },
      steps: [{ name: "commit", p50: 30, p99: 30, max: 30 }],
      editMaxWaitMs: 41,
      viewMaxMs: 10,
      viewMaxMsWithoutFlip: 12,
      viewsPerMinuteOver: [
        { ms: 2, flipping: 2, withoutFlip: 1.5 },
        { ms: 5, flipping: 2, withoutFlip: 1 },
        { ms: 10, flipping: 0, withoutFlip: 0.5 },
      ],
      flipsWithLongestView: 0,
      failedRequests: 0,
      acknowledged: 4,
      lost: 0,
      peers: [
        {
          name: "runbook script",
          pauseMs: { p50: 475, p99: 950, max: 950 },
          flips: 2,
          failedRequests: 3,
          acknowledged: 4,
          lost: 0,
          editMaxWaitMs: 41,
        },
      ],
    });
    const felt = { ...series, views: { ...series.views, flipping: [[12.5]] } };
    expect(reportOf(felt, [])).toMatchObject({ viewMaxMs: 12.5, flipsWithLongestView: 1 });
    expect(isClean(report)).toBe(true);
    expect(isClean({ ...report, failedRequests: 1 })).toBe(false);
    expect(isClean({ ...report, lost: 1 })).toBe(false);
    expect(format(report, series)).toMatch(/write pause 10 times as long as ours/);
  });

  it("knows its defaults", () => {
    expect(parseOptions([])).toEqual({
      flips: 50,
      warmUp: 8,
      rate: 500,
      clients: 16,
      stableMs: 500,
      calmMs: 4_000,
      peers: "all",
      peerFlips: 6,
      json: false,
    });
  });
});
