import { initRole } from "../../engine/control/mariadb/role";
import { ensureReplicationAccount } from "../../engine/movers/mariadb/accounts/accounts";
import { deriveSecret } from "../../engine/secrets";
import { startWithAdoptedBlue } from "../../scripts/lab/adoptedBlue";
import type { Pair, PairOptions } from "./mariadb";

/** A pair whose blue can be replicated, in the state before the copy. */
export async function startAdoptedPair(options: PairOptions = {}): Promise<Pair> {
  const pair = await startWithAdoptedBlue(options);
  await initRole(pair.blue, { wiki: pair.spec.wiki.name });
  const password = deriveSecret(pair.secrets.masterSecret, "mariadb-replication");
  await ensureReplicationAccount(pair.blue, password);
  await ensureReplicationAccount(pair.green, password);
  const own = await pair.green.sessionWithoutBinlog();
  await own.run("CREATE USER wikiuser@'%' IDENTIFIED BY ?", [pair.secrets.appPassword]);
  await own.run("GRANT ALL ON ??.* TO wikiuser@'%'", [pair.spec.wiki.database]);
  return pair;
}
