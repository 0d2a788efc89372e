import { median } from "../../common/median";

/** One comparison: the same data copied once by each, one after the other. */
export interface PairTimes {
  ours: number;
  theirs: number;
}

/** Our time divided by theirs, in the median of the pairs. */
export function ratioOf(pairs: readonly PairTimes[]): number {
  return median(pairs.map(({ ours, theirs }) => ours / theirs));
}

/** Who goes first changes with each pair. */
export function inTurn<T>(contenders: readonly T[], pair: number): T[] {
  return pair % 2 === 0 ? [...contenders] : [...contenders].reverse();
}

export function rounded(value: number, digits = 2): number {
  return Math.round(value * 10 ** digits) / 10 ** digits;
}
