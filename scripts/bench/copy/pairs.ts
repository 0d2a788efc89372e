import { say } from "../cutover/say";
import { checksumsOf } from "./check";
import type { Contender, Copied } from "./contender";
import { inTurn, type PairTimes } from "./figures";
import type { Lab } from "./lab";

export interface PeerTimes {
  name: string;
  pairs: PairTimes[];
}

/** The times of one of our methods, beside each tool that does the same. */
export interface Comparison {
  ours: Copied[];
  peers: PeerTimes[];
  /** Our copies whose result differed from the original. */
  differing: number;
}

/**
 * `pairs` rounds in which each contender copies the same data once. The first contender is ours. Each result is
 * compared with the original, outside of the measured time.
 */
export async function compare(
  lab: Lab,
  pairs: number,
  us: Contender,
  others: readonly Contender[],
): Promise<Comparison> {
  const original = await checksumsOf(lab, "blue");
  const found: Comparison = {
    ours: [],
    peers: others.map(({ name }) => ({ name, pairs: [] })),
    differing: 0,
  };
  for (let pair = 0; pair < pairs; pair++) {
    const times = new Map<Contender, Copied>();
    for (const contender of inTurn([us, ...others], pair)) {
      await contender.prepare();
      const copied = await contender.copy();
      const same = (await checksumsOf(lab, "green")) === original;
      if (!same && contender !== us) throw new Error(`${contender.name} made a copy that differs`);
      if (!same) found.differing++;
      times.set(contender, copied);
      say(
        `pair ${pair + 1} of ${pairs}, ${contender.name}: ${copied.seconds.toFixed(1)} s${same ? "" : ", DIFFERS"}`,
      );
    }
    const mine = times.get(us) as Copied;
    found.ours.push(mine);
    for (const [at, other] of others.entries())
      found.peers[at]?.pairs.push({
        ours: mine.seconds,
        theirs: (times.get(other) as Copied).seconds,
      });
  }
  return found;
}
