import { judgeRoles, type RoleClaim } from "../../engine/control/primary";
import type { Side } from "../../engine/move";

/** One probe of one side, at some moment between `begin` and `end`. Times by one clock, in milliseconds. */
export interface Sample {
  side: Side;
  begin: number;
  end: number;
  /** Whether the server answered. */
  up: boolean;
  /** Whether it took the wiki's writes. */
  open: boolean;
  /** Its role record. */
  role?: Side;
  epoch?: number;
}

/** A period in which the fault itself keeps something from serving. */
export interface Hindrance {
  begin: number;
  end: number;
  /** A side whose server can't take writes (it is down, stopped, full, locked), or the stream between both. */
  what: Side | "stream";
}

/** A side's unbroken run of samples in which it was open. */
interface OpenSpan {
  first: Sample;
  last: Sample;
}

function openSpans(samples: readonly Sample[]): OpenSpan[] {
  const spans: OpenSpan[] = [];
  let current: OpenSpan | undefined;
  for (const sample of samples) {
    if (!sample.open) current = undefined;
    else if (current) current.last = sample;
    else {
      current = { first: sample, last: sample };
      spans.push(current);
    }
  }
  return spans;
}

/**
 * Counts samples that show a side open while the other one surely was, too: the whole sample lies between an open
 * sample of the other side that was over before and one that began after, with no closed one in between.
 */
export function twoWriterSamples(blue: readonly Sample[], green: readonly Sample[]): number {
  const spans = openSpans(blue);
  return green.filter(
    (sample) =>
      sample.open && spans.some(({ first, last }) => first.end <= sample.begin && sample.end <= last.begin),
  ).length;
}

/**
 * The longest time in which no side took writes though one could, in milliseconds.
 *
 * A side could while the server that its own record (else the newer record) names answers and no fault hinders it.
 * While the commit is under way it travels only through the stream, so a fault that hinders the stream hinders the new
 * side. Time in which no side could is left out of the sum, which ends with the first sample in which a side is open.
 */
export function longestReadOnlyMs(
  blue: readonly Sample[],
  green: readonly Sample[],
  hindrances: readonly Hindrance[],
): number {
  const all = [...blue, ...green].sort((a, b) => a.end - b.end);
  const newest: Partial<Record<Side, Sample>> = {};
  const known: Partial<Record<Side, Sample>> = {};
  let longest = 0;
  let sum = 0;
  let since: number | undefined;
  for (const sample of all) {
    newest[sample.side] = sample;
    if (sample.role) known[sample.side] = sample;
    if (newest.blue?.open || newest.green?.open) {
      sum = 0;
    } else if (since !== undefined && couldServe(newest, known, hindrances, since, sample.end)) {
      sum += sample.end - since;
      longest = Math.max(longest, sum);
    }
    since = sample.end;
  }
  return Math.round(longest);
}

function couldServe(
  newest: Partial<Record<Side, Sample>>,
  known: Partial<Record<Side, Sample>>,
  hindrances: readonly Hindrance[],
  from: number,
  to: number,
): boolean {
  const rightful = rightfulOf(known);
  if (!rightful || !newest[rightful]?.up) return false;
  const onItsWay = known[rightful]?.role !== rightful;
  return !hindrances.some(
    ({ begin, end, what }) =>
      begin < to && from < end && (what === rightful || (what === "stream" && onItsWay)),
  );
}

/**
 * Who may take writes by the records that were last seen. The records are from different moments: of two that
 * contradict each other, the one with the lower epoch is old. Undefined where it can't be determined.
 */
export function rightfulOf(known: Partial<Record<Side, Pick<Sample, "role" | "epoch">>>): Side | undefined {
  const blue = recordIn(known.blue);
  const green = recordIn(known.green);
  const verdict = judgeRoles({ blue, green });
  if (verdict.kind === "known") return verdict.side;
  if (verdict.kind !== "contested" || !blue || !green || blue.epoch === green.epoch) return undefined;
  return blue.epoch > green.epoch ? "blue" : "green";
}

function recordIn(sample: Pick<Sample, "role" | "epoch"> | undefined): RoleClaim | undefined {
  return sample?.role && { role: sample.role, epoch: sample.epoch ?? 0 };
}
