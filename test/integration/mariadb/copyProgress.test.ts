import { copyDatabase } from "../../../engine/mariadb/copy/copy";
import type { ProgressEvent } from "../../../engine/progress";
import { lookAtCopy, progressOf } from "../../../scripts/status/copying";
import { startAdoptedPair } from "../../support/adopted";
import { eventually } from "../../support/mariadb";
import { fillWiki } from "../../support/mariadbContent";

jest.setTimeout(180_000);

test("how far a copy is can be asked from elsewhere while it runs, in all and by table", async () => {
  const pair = await startAdoptedPair();
  try {
    await fillWiki(pair.blue, "wikidb", { pages: 3_000, textBytes: 8_000 });
    await pair.blue.run("ANALYZE TABLE wikidb.text, wikidb.page");
    // Slow enough to be looked at.
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
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const progress = progressOf(await look(), before);
    const text = progress.tables.find(({ name }) => name === "text");
    expect(text).toMatchObject({ percent: expect.any(Number), bytesPerSecond: expect.any(Number) });
    expect(text?.bytes).toBeGreaterThan(0);
    expect(progress.percent).toBeLessThan(100);
    expect(progress.bytes).toBeGreaterThan(0);
    expect(progress.ageMs).toBeLessThan(10_000);
    await copying;
    expect(said.some(({ message }) => /MB\/s.*left.*text \d+ %/.test(message))).toBe(true);
  } finally {
    await pair.stop();
  }
});
