import { startPair } from "../../../../scripts/lab/pair";
import { smallDisk } from "../../../../scripts/lab/smallDisk";
import { DockerWorld } from "../../../support/dockerWorld";

const world = new DockerWorld();
afterAll(() => world.close());

test("a pair starts on the volumes of one that was there before, with accounts of its own", async () => {
  const volumes = { blue: await smallDisk(world, "blue", 400), green: await smallDisk(world, "green", 400) };
  const first = await startPair({ volumes });
  await first.blue.run("CREATE TABLE wikidb.leftover (id INT)");
  await first.stop();
  const second = await startPair({ volumes });
  try {
    expect(await second.blue.value("SHOW TABLES FROM wikidb")).toBeUndefined();
    expect(await second.green.value("SELECT 1")).toBe("1");
  } finally {
    await second.stop();
  }
});
