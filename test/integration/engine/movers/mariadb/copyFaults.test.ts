import { copyDatabase } from "../../../../../engine/movers/mariadb/copy/copy";
import type { LogicalContext } from "../../../../../engine/movers/mariadb/copy/logical/run";
import { silent } from "../../../../../engine/progress";
import { copyCampaign } from "../../../../../scripts/faults/copy/campaign";
import { DatabaseHost } from "../../../../../scripts/faults/world/databaseHost";
import { startAdoptedPair } from "../../../../support/adopted";
import { DockerWorld } from "../../../../support/dockerWorld";
import type { Pair } from "../../../../support/mariadb";
import { contentOf } from "../../../../support/mariadbContent";

jest.setTimeout(600_000);

test("whatever is killed while a database under writes is copied and followed, the data are equal in the end", async () => {
  const lines: string[] = [];
  const report = await copyCampaign({ runs: 3, seed: 7 }, (line) => lines.push(line));
  process.stdout.write(`${lines.join("\n")}\n`);
  expect(report.failures.map(({ index, problems }) => ({ index, problems }))).toEqual([]);
  expect(report.kills).toBeGreaterThanOrEqual(3);
});

describe("a full disk on green", () => {
  const world = new DockerWorld();
  let pair: Pair;

  beforeAll(async () => {
    pair = await startAdoptedPair({ volumes: { green: await world.volume("green", 500) } });
  });
  afterAll(async () => {
    await pair?.stop();
    await world.close();
  });

  test("is named, and the copy continues once there is space", async () => {
    const { database } = pair.spec.wiki;
    const session = await pair.blue.open({ database });
    await session.run("CREATE TABLE body (id INT PRIMARY KEY, body BLOB, n INT, KEY (n))");
    await session.run("INSERT INTO body SELECT seq, REPEAT('x', 4000), seq FROM seq_1_to_20000");
    await session.run("ANALYZE TABLE body");
    await session.close();
    const host = new DatabaseHost("green", pair.containers.green, () => pair.green.value("SELECT 1"));
    const pieces: string[] = [];
    let filled: Promise<void> | undefined;
    const copy = () => {
      const context: LogicalContext = {
        ...pair,
        report: silent,
        spec: { ...pair.spec, copy: { method: "logical", maxBytesPerSecond: 8_000_000 } },
        pieceBytes: 2_000_000,
        onPiece: ({ id, after }) => {
          pieces.push(`${id} ${after}`);
          if (pieces.length === 4) filled ??= host.fillDisk();
        },
      };
      return copyDatabase(context);
    };
    await expect(copy()).rejects.toMatchObject({ code: "COPY_DISK_FULL" });
    await filled;
    await host.freeDisk();
    expect((await copy()).rows).toBe(20_000);
    expect(pieces.length - new Set(pieces).size).toBeLessThanOrEqual(3);
    expect(await contentOf(pair.green, database)).toEqual(await contentOf(pair.blue, database));
  });
});
