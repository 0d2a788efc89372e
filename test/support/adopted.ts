import { ensureReplicationAccount } from "../../engine/mariadb/accounts/accounts";
import { adopt } from "../../engine/mariadb/adopt/adopt";
import { Journal } from "../../engine/mariadb/control/journal";
import { initRole } from "../../engine/mariadb/control/role";
import { silent } from "../../engine/progress";
import { deriveSecret } from "../../engine/secrets";
import { type Pair, type PairOptions, startPair } from "./mariadb";

/** A pair whose blue can be followed, and which is at the state before the copy. */
export async function startAdoptedPair(options: PairOptions = {}): Promise<Pair> {
  const pair = await startPair(options);
  await adopt(pair.blue, await pair.pool.to(pair.ssh), pair.spec.blue.database, {
    allowRestart: true,
    masterSecret: pair.secrets.masterSecret,
    journal: new Journal(pair.blue),
    report: silent,
  });
  await initRole(pair.blue, { wiki: pair.spec.wiki.name });
  const password = deriveSecret(pair.secrets.masterSecret, "mariadb-replication");
  await ensureReplicationAccount(pair.blue, password);
  await ensureReplicationAccount(pair.green, password);
  const own = await pair.green.unlogged();
  await own.run("CREATE USER wikiuser@'%' IDENTIFIED BY ?", [pair.secrets.appPassword]);
  await own.run("GRANT ALL ON ??.* TO wikiuser@'%'", [pair.spec.wiki.database]);
  return pair;
}
