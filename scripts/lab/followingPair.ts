import { ensureReplicationAccount } from "../../engine/mariadb/accounts/accounts";
import { adopt } from "../../engine/mariadb/adopt/adopt";
import { Journal } from "../../engine/mariadb/control/journal";
import { initRole } from "../../engine/mariadb/control/role";
import { ensureControlSchema } from "../../engine/mariadb/control/schema";
import { follow } from "../../engine/mariadb/replication/follow";
import { silent } from "../../engine/progress";
import { deriveSecret } from "../../engine/secrets";
import { type Pair, type PairOptions, startPair } from "./pair";

export interface FollowingPair extends Pair {
  database: string;
  replicationPassword: string;
}

/** An adopted blue, and a green that follows it: an empty wiki database on both, and the wiki's account. */
export async function startFollowingPair(options: PairOptions = {}): Promise<FollowingPair> {
  const pair = await startPair(options);
  const { blue, green, spec, secrets } = pair;
  const replicationPassword = deriveSecret(secrets.masterSecret, "mariadb-replication");
  await adopt(blue, await pair.pool.to(pair.ssh), spec.blue.database, {
    allowRestart: true,
    masterSecret: secrets.masterSecret,
    journal: new Journal(undefined),
    report: silent,
  });
  for (const server of [blue, green]) {
    await ensureControlSchema(server);
    await ensureReplicationAccount(server, replicationPassword);
  }
  const role = await initRole(blue, { wiki: spec.wiki.name });
  await initRole(green, { ...role });
  const database = spec.wiki.database;
  const own = await green.unlogged();
  await own.run("CREATE DATABASE ?? CHARACTER SET binary", [database]);
  await own.run("CREATE USER wikiuser@'%' IDENTIFIED BY ?", [secrets.appPassword]);
  await own.run("GRANT ALL ON ??.* TO wikiuser@'%'", [database]);
  await follow(green, blue, replicationPassword);
  return { ...pair, database, replicationPassword };
}
