import { goOnFrom, goOnFromHere } from "../../../engine/mariadb/replication/position";
import { positions } from "../../../engine/mariadb/replication/status";
import { DockerWorld } from "../../support/dockerWorld";
import { type FollowingPair, startFollowingPair } from "../../support/followingPair";
import { smallDisk } from "../../support/smallDisk";
import { until } from "../../support/until";

jest.setTimeout(120_000);

const filler = "/var/lib/mysql/filler";

describe("the position from which a server follows, on a small disk", () => {
  const world = new DockerWorld();
  let pair: FollowingPair;
  const here = async () => await positions(pair.blue);
  const taken = () => pair.blue.value("SELECT COUNT(*) FROM wikiferry.room");

  beforeAll(async () => {
    pair = await startFollowingPair({ volumes: { blue: await smallDisk(world, "blue", 400) } });
    await pair.blue.run("CREATE TABLE wikidb.page (page_id INT PRIMARY KEY)");
  });
  afterAll(async () => {
    await pair?.stop();
    await world.close();
  });

  test.each(["0", "40K", "72K"])(
    "is refused while only %s are left, and the server starts again",
    async (left) => {
      const before = await here();
      const process = await pair.onBlue("pgrep -x mariadbd");
      await pair.onBlue(`dd if=/dev/zero of=${filler} bs=64K 2>/dev/null; truncate -s -${left} ${filler}`);
      const session = await pair.blue.unlogged();
      const refused = { code: "CTRL_DISK_SPACE", message: expect.stringContaining("blue") };
      await expect(goOnFromHere(session)).rejects.toMatchObject(refused);
      await expect(goOnFrom(session, before.binlog)).rejects.toMatchObject(refused);
      expect((await here()).applied).toBe(before.applied);

      await pair.onBlue(`rm ${filler}; pkill -KILL -x mariadbd`);
      await until(
        "another process answers",
        async () =>
          (await pair.onBlue("mariadb-admin ping && pgrep -x mariadbd")).split("\n")[1] !== process.trim(),
      );
      expect(await here()).toEqual(before);
    },
  );

  test("is set where there is room, and nothing stays behind", async () => {
    const { binlog } = await here();
    expect(binlog).not.toBe("");
    expect(await goOnFromHere(await pair.blue.unlogged())).toBe(binlog);
    expect((await here()).applied).toBe(binlog);
    await goOnFrom(await pair.blue.unlogged(), "0-1-100");
    expect((await here()).applied).toBe("0-1-100");
    expect(await taken()).toBe("0");
  });

  test("is set where the table that takes the room is missing or damaged", async () => {
    const own = await pair.blue.unlogged();
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
