import { initRole } from "../../engine/control/mariadb/role";
import { ensureControlSchema } from "../../engine/control/mariadb/schema";
import { ensureReplicationAccount } from "../../engine/movers/mariadb/accounts/accounts";
import { follow } from "../../engine/movers/mariadb/replication/follow";
import { deriveSecret } from "../../engine/secrets";
import { startWithAdoptedBlue } from "./adoptedBlue";
import type { Pair, PairOptions } from "./pair";

export interface FollowingPair extends Pair {
  database: string;
  replicationPassword: string;
}

/** An adopted blue and a green that follows it: an empty wiki database on both, and the wiki's account. */
export async function startFollowingPair(options: PairOptions = {}): Promise<FollowingPair> {
  const pair = await startWithAdoptedBlue(options);
  const { blue, green, spec, secrets } = pair;
  const replicationPassword = deriveSecret(secrets.masterSecret, "mariadb-replication");
  for (const server of [blue, green]) {
    await ensureControlSchema(server);
    await ensureReplicationAccount(server, replicationPassword);
  }
  const role = await initRole(blue, { wiki: spec.wiki.name });
  await initRole(green, { ...role });
  const database = spec.wiki.database;
  const own = await green.sessionWithoutBinlog();
  await own.run("CREATE DATABASE ?? CHARACTER SET binary", [database]);
  await own.run("CREATE USER wikiuser@'%' IDENTIFIED BY ?", [secrets.appPassword]);
  await own.run("GRANT ALL ON ??.* TO wikiuser@'%'", [database]);
  await follow(green, blue, replicationPassword);
  return { ...pair, database, replicationPassword };
}
