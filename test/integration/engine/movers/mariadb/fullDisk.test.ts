import { ensureControlSchema } from "../../../../../engine/control/mariadb/schema";
import { exerciseWatchdog } from "../../../../../engine/movers/mariadb/fencing/watchdog";
import { goOnFrom, goOnFromHere } from "../../../../../engine/movers/mariadb/replication/position";
import { positions } from "../../../../../engine/movers/mariadb/replication/status";
import { DockerWorld } from "../../../../support/dockerWorld";
import { type FollowingPair, startFollowingPair } from "../../../../support/followingPair";
import { smallDisk } from "../../../../support/smallDisk";
import { until } from "../../../../support/until";

const filler = "/var/lib/mysql/filler";

describe("a small disk", () => {
  const world = new DockerWorld();
  let pair: FollowingPair;
  const here = async () => await positions(pair.blue);
  const taken = () => pair.blue.value("SELECT COUNT(*) FROM wikiferry.room");
  const refused = { code: "CTRL_DISK_SPACE", message: expect.stringContaining("blue") };

  beforeAll(async () => {
    pair = await startFollowingPair({ volumes: { blue: await smallDisk(world, "blue", 400) } });
    await pair.blue.run("CREATE TABLE wikidb.page (page_id INT PRIMARY KEY)");
  });
  afterAll(async () => {
    await pair?.stop();
    await world.close();
  });

  /** Runs an action while blue's disk has only that much left, then has the server killed and restarted. */
  async function withNoMoreThan(left: string, act: () => Promise<void>): Promise<void> {
    const process = await pair.onBlue("pgrep -x mariadbd");
    await pair.onBlue(`dd if=/dev/zero of=${filler} bs=64K 2>/dev/null; truncate -s -${left} ${filler}`);
    await act();
    await pair.onBlue(`rm ${filler}; pkill -KILL -x mariadbd`);
    await until(
      "another process answers",
      async () =>
        (await pair.onBlue("mariadb-admin ping && pgrep -x mariadbd")).split("\n")[1] !== process.trim(),
    );
  }

  describe.each(["0", "8K", "16K", "40K", "72K"])("of which %s are left", (left) => {
    test("the replication position is not set, and the server starts again", async () => {
      const before = await here();
      await withNoMoreThan(left, async () => {
        const session = await pair.blue.sessionWithoutBinlog();
        await expect(goOnFromHere(session)).rejects.toMatchObject(refused);
        await expect(goOnFrom(session, before.binlog)).rejects.toMatchObject(refused);
        expect((await here()).applied).toBe(before.applied);
      });
      expect(await here()).toEqual(before);
    });

    test("no table is created, and the server starts again", async () => {
      await (await pair.blue.sessionWithoutBinlog()).run("DROP TABLE wikiferry.verification");
      await withNoMoreThan(left, async () => {
        await expect(ensureControlSchema(pair.blue)).rejects.toMatchObject(refused);
        await expect(exerciseWatchdog(pair.blue, () => {})).rejects.toMatchObject(refused);
      });
      await ensureControlSchema(pair.blue);
      expect(await pair.blue.value("SELECT COUNT(*) FROM wikiferry.verification")).toBe("0");
      expect(await pair.blue.value("SHOW DATABASES LIKE 'wikiferry_probe'")).toBeUndefined();
    });
  });

  test("the replication position is set where there is space, and nothing is left behind", async () => {
    const { binlog } = await here();
    expect(binlog).not.toBe("");
    expect(await goOnFromHere(await pair.blue.sessionWithoutBinlog())).toBe(binlog);
    expect((await here()).applied).toBe(binlog);
    await goOnFrom(await pair.blue.sessionWithoutBinlog(), "0-1-100");
    expect((await here()).applied).toBe("0-1-100");
    expect(await taken()).toBe("0");
  });

  test("also where the table that reserves the space is missing or damaged", async () => {
    const own = await pair.blue.sessionWithoutBinlog();
    const { binlog } = await here();
    for (const damage of ["rm", "echo x >>"]) {
      await own.run("FLUSH TABLES wikiferry.room");
      await pair.onBlue(`${damage} /var/lib/mysql/wikiferry/room.CSV`);
      expect(await goOnFromHere(own)).toBe(binlog);
    }
    await own.run("DROP TABLE wikiferry.room");
    expect(await goOnFromHere(own)).toBe(binlog);
    expect(await taken()).toBe("0");
  });
});
