import { waitForGtid } from "../../../engine/movers/mariadb/replication/follow";
import { positions } from "../../../engine/movers/mariadb/replication/status";
import { DockerWorld } from "../../lab/dockerWorld";
import { type FollowingPair, startFollowingPair } from "../../lab/followingPair";
import { say } from "../cutover/say";
import { fillWikiData } from "../data/fill";
import type { SpoiledTable } from "./corruptions";

/** Two MariaDB servers, one following the other, and what the benchmark runs beside them. */
export interface Lab {
  pair: FollowingPair;
  world: DockerWorld;
  close(): Promise<void>;
}

export async function startLab(): Promise<Lab> {
  const world = new DockerWorld();
  let pair: FollowingPair | undefined;
  const close = async () => {
    await world.close();
    await pair?.stop().catch(() => {});
  };
  const endEarly = () => void close().finally(() => process.exit(130));
  process.once("SIGINT", endEarly).once("SIGTERM", endEarly);
  try {
    say("starting two MariaDB servers, one following the other");
    pair = await startFollowingPair();
    return { pair, world, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Fills both again with the same wiki data. @returns bytes on each */
export async function fillBoth({ pair }: Lab, gb: number, seed: number): Promise<number> {
  say(`filling both with ${gb} GB`);
  const options = { bytes: gb * 1e9, seed };
  const [there] = await Promise.all([
    fillWikiData(pair.blue, pair.database, options),
    fillWikiData(pair.green, pair.database, options),
  ]);
  return there.bytes;
}

/** Creates the tables on the primary, waits until the replica has them, and corrupts them there. */
export async function spoil({ pair }: Lab, database: string, tables: readonly SpoiledTable[]): Promise<void> {
  await pair.blue.run("CREATE DATABASE ?? CHARACTER SET binary", [database]);
  const session = await pair.blue.open({ database });
  for (const sql of tables.flatMap(({ make }) => make)) await session.run(sql);
  await session.close();
  if (!(await waitForGtid(pair.green, (await positions(pair.blue)).binlog, 60_000)))
    throw new Error("green did not apply the tables to be spoiled within 60 s");
  const own = await pair.green.open();
  await own.run("SET SESSION sql_log_bin = 0, sql_mode = ''");
  for (const { name, spoils } of tables)
    for (const sql of spoils)
      if ((await own.run(sql)) === 0 && !sql.startsWith("ALTER"))
        throw new Error(`"${name}" spoiled nothing: ${sql}`);
  await own.close();
}
