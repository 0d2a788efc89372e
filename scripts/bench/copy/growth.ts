import { size } from "../../../engine/format";
import { say } from "../cutover/say";
import { fillWikiData } from "../data/fill";
import { checksumsOf } from "./check";
import type { Contender } from "./contender";
import { rounded } from "./figures";
import type { Lab } from "./lab";

export const factors = [1, 4, 16] as const;

/** The memory limit of our process, whatever the size of the data, in bytes. */
export const mostMemoryBytes = 256e6;

export interface Growth {
  factor: number;
  seconds: number;
  peakMemoryBytes: number;
  /** Data and indexes, by blue's statistics. */
  bytes: number;
  /** Whether the result equals the original. */
  same: boolean;
}

/** Our copy of 1, 4 and 16 times the data, once each. */
export async function measureGrowth(lab: Lab, us: Contender, gb: number, seed: number): Promise<Growth[]> {
  const found: Growth[] = [];
  for (const factor of factors) {
    say(`making ${rounded(gb * factor)} GB`);
    const { bytes } = await fillWikiData(lab.pair.blue, lab.database, { bytes: gb * factor * 1e9, seed });
    await us.prepare();
    const { seconds, peakMemoryBytes } = await us.copy();
    const same = (await checksumsOf(lab, "blue")) === (await checksumsOf(lab, "green"));
    say(
      `${factor}×: ${seconds.toFixed(1)} s, ${size(peakMemoryBytes ?? 0)} of memory${same ? "" : ", DIFFERS"}`,
    );
    found.push({ factor, seconds: rounded(seconds), peakMemoryBytes: peakMemoryBytes ?? 0, bytes, same });
  }
  return found;
}
