import { copyDatabase } from "../../../../../engine/movers/mariadb/copy/copy";
import {
  isBehindItsRanges,
  readPlan,
  writePlan,
  writeProgress,
} from "../../../../../engine/movers/mariadb/copy/logical/plan";
import type { ProgressEvent } from "../../../../../engine/progress";
import { lookAtCopy, progressOf } from "../../../../../stacks/mediawiki/status/copying";
import { startAdoptedPair } from "../../../../support/adopted";
import { eventually } from "../../../../support/mariadb";
import { fillWiki } from "../../../../support/mariadbContent";

jest.setTimeout(180_000);

const noFigures = {
  percent: 0,
  bytes: 0,
  rows: 0,
  totalBytes: 0,
  totalRows: 0,
  bytesPerSecond: 0,
  leftMs: undefined,
  tables: [],
};

test("another process can read a running copy's progress, in total and by table", async () => {
  const pair = await startAdoptedPair();
  try {
    await fillWiki(pair.blue, "wikidb", { pages: 3_000, textBytes: 8_000 });
    await pair.blue.run("ANALYZE TABLE wikidb.text, wikidb.page");
    // Slow enough to be observed.
    pair.spec.copy.maxBytesPerSecond = 4_000_000;
    const said: ProgressEvent[] = [];
    const copying = copyDatabase({ ...pair, report: (event) => said.push(event) });
    const look = () =>
      eventually(
        async () => {
          const found = await lookAtCopy(pair.green);
          if (!found?.tables.some(({ bytes, done }) => bytes > 0 && !done)) throw new Error("nothing yet");
          return found;
        },
        30_000,
        "a table under way",
      );
    const before = await look();
    const bytesOf = (tables: { bytes: number }[]) => tables.reduce((sum, { bytes }) => sum + bytes, 0);
    const later = await eventually(
      async () => {
        const found = await look();
        if (bytesOf(found.tables) <= bytesOf(before.tables)) throw new Error("not further yet");
        return found;
      },
      30_000,
      "more of the copy",
    );
    const progress = progressOf(later, before);
    const text = progress.tables.find(({ name }) => name === "text");
    expect(text).toMatchObject({ percent: expect.any(Number), bytesPerSecond: expect.any(Number) });
    expect(text?.bytes).toBeGreaterThan(0);
    expect(progress.percent).toBeLessThan(100);
    expect(progress.bytes).toBeGreaterThan(0);
    expect(progress.ageMs).toBeLessThan(10_000);
    await copying;
    expect(said.some(({ message }) => /MB\/s.*left.*text \d+ %/.test(message))).toBe(true);

    // What a killed or disconnected run had sent arrives after another has taken over.
    const snapshot = { gtid: "0-1-1", file: "binlog.000001", position: 4 };
    const plan = { owner: "first", fingerprint: "x", settings: {}, applying: false, spentMs: 0 };
    const figures = { ...noFigures, percent: 50 };
    await writePlan(pair.green, { ...plan, snapshots: [snapshot] });
    await writeProgress(pair.green, { ...plan, snapshots: [snapshot], spentMs: 7 }, figures);
    expect(await readPlan(pair.green)).toMatchObject({ spentMs: 7 });
    for (const owner of ["first", "second"]) {
      const later = { ...plan, owner, snapshots: [snapshot, snapshot] };
      await writePlan(pair.green, later);
      await writeProgress(pair.green, { ...plan, snapshots: [snapshot] }, figures);
      expect(await readPlan(pair.green)).toEqual(later);
      await pair.green.run("UPDATE wikiferry.copy_range SET last_snapshot = 2");
      expect(await isBehindItsRanges(pair.green, later)).toBe(false);
      expect(await isBehindItsRanges(pair.green, { ...later, snapshots: [snapshot] })).toBe(true);
    }
  } finally {
    await pair.stop();
  }
});
