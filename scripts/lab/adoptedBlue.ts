import { Journal } from "../../engine/control/mariadb/journal";
import { WikiferryError } from "../../engine/errors";
import { adopt } from "../../engine/movers/mariadb/adopt/adopt";
import { silent } from "../../engine/progress";
import { localDocker } from "../setup/localEngine";
import { type Pair, type PairOptions, startPair } from "./pair";

/**
 * A pair whose blue is adopted. On a busy machine its container has sometimes ended during the restart. That is
 * reported, and another one started.
 */
export async function startWithAdoptedBlue(options: PairOptions): Promise<Pair> {
  for (let left = 1; ; left--) {
    const pair = await startPair(options);
    try {
      await adopt(pair.blue, await pair.pool.to(pair.ssh), pair.spec.blue.database, {
        allowRestart: true,
        masterSecret: pair.secrets.masterSecret,
        greenHost: pair.spec.green.database.replication.host,
        journal: new Journal(undefined),
        report: silent,
      });
      return pair;
    } catch (error) {
      const lost = error instanceof WikiferryError && /no longer answers/.test(error.found);
      const state = await localDocker()
        .getContainer(pair.containers.blue)
        .inspect()
        .then(({ State }) => JSON.stringify(State));
      await pair.stop();
      if (!lost || left === 0) throw error;
      process.stderr.write(`blue's container was lost while its MariaDB was restarted: ${state}\n`);
    }
  }
}
