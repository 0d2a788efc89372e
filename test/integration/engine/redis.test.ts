import { RedisInstance } from "../../../engine/movers/redis/instance";
import { writeVolumeFiles } from "../../../engine/runtime/docker/volumeFiles";
import { SshPool } from "../../../engine/runtime/ssh/pool";
import { serverUid } from "../../../scripts/lab/secretFiles";
import { DockerWorld, type RunningContainer } from "../../support/dockerWorld";
import { testImage } from "../../support/image";
import { until } from "../../support/until";

const world = new DockerWorld();
const pool = new SshPool("");
const password = "s3cret".repeat(6);
let container: RunningContainer;
let redis: RedisInstance;

beforeAll(async () => {
  const image = await testImage("redis");
  const volume = await world.volume("secrets");
  await writeVolumeFiles({ volume, image }, serverUid, { "redis-password": password }, pool);
  container = await world.run("redis", image, {
    HostConfig: {
      ReadonlyRootfs: true,
      Tmpfs: { "/tmp": "" },
      Binds: [`${volume}:/run/secrets:ro`],
    },
  });
  redis = new RedisInstance({ container: container.name }, password, pool);
  await until("redis", async () => {
    await redis.ping();
    return true;
  });
});
afterAll(() => world.close());

test("a flush leaves no key of any database", async () => {
  await container.container
    .exec({
      Cmd: ["redis-cli", "MSET", "a", "1", "b", "2"],
      Env: [`REDISCLI_AUTH=${password}`],
    })
    .then((exec) => exec.start({}));
  await until("two keys", async () => (await redis.keys()) === 2);
  await redis.flush();
  expect(await redis.keys()).toBe(0);
});

test("info has the policy and the limit", async () => {
  const memory = await redis.info("memory");
  expect(memory).toMatchObject({ maxmemory_policy: "allkeys-lru", maxmemory: String(512 * 1024 * 1024) });
});

test("a wrong password is told apart from a missing container", async () => {
  const stranger = new RedisInstance({ container: container.name }, "wrong", pool);
  await expect(stranger.ping()).rejects.toThrow(/REDIS_REFUSED: .*(NOAUTH|WRONGPASS|AUTH failed)/);
  const nowhere = new RedisInstance({ container: "wikiferry-no-such" }, password, pool);
  await expect(nowhere.ping()).rejects.toThrow(/CONTAINER_MISSING/);
});
