import { median } from "../../common/median";

/** One comparison: each contender copies the same data once, one after the other. */
export interface PairTimes {
  ours: number;
  theirs: number;
}

/** Our time divided by theirs, the median of the pairs. */
export function ratioOf(pairs: readonly PairTimes[]): number {
  return median(pairs.map(({ ours, theirs }) => ours / theirs));
}

/** The order changes with each pair. */
export function inTurn<T>(contenders: readonly T[], pair: number): T[] {
  return pair % 2 === 0 ? [...contenders] : [...contenders].reverse();
}

export function rounded(value: number, digits = 2): number {
  return Math.round(value * 10 ** digits) / 10 ** digits;
}
