import type { Prediction, Term } from "../../../estimate";
import { copying, following, speedProbe, takingFiles } from "./constants";

/** What a preview measured of a copy that is to come. */
export interface CopyMeasure {
  /** By the source's statistics. */
  tables: number;
  /** Of those, outside of transactions. */
  looseTables: number;
  /** Of data, indexes left out, by the source's statistics. */
  bytes: number;
  /** Of indexes; a physical copy carries them. */
  indexBytes: number;
  /** At which a sample of many tables was read by the tool, in bytes a millisecond; undefined if there is none to read. */
  readBytesPerMs: number | undefined;
  /** From blue to the tool, and from it to green, in bytes a millisecond; undefined where that is not known. */
  fromBlueBytesPerMs: number | undefined;
  toGreenBytesPerMs: number | undefined;
  /** A statement and its answer, in milliseconds. */
  blueRoundTripMs: number;
  greenRoundTripMs: number;
  /** How long `speedProbe` took on the slower of both servers, on average, in milliseconds. */
  probeMs: number;
  /** Changes that blue gets, a second. */
  writesPerSecond: number;
}

/** How much slower than where the constants were taken; a probe that is off is not believed without bound. */
export function slowness(probeMs: number): number {
  return Math.min(8, Math.max(0.2, probeMs / speedProbe.usualMs));
}

/** A sum of terms, each named, in milliseconds. */
export function sumOf(terms: readonly Term[]): Prediction {
  const rounded = terms.map((term) => ({ ...term, ms: Math.round(term.ms * 10) / 10 }));
  return { ms: Math.round(terms.reduce((sum, { ms }) => sum + ms, 0)), terms: rounded };
}

/**
 * Start, tables and bytes of a copy. Reading, both ways and loading overlap, so the slowest of them counts.
 * @param limitBytesPerMs The copy's own limit; 0 for none.
 */
export function predictCopy(measure: CopyMeasure, limitBytesPerMs = 0): Prediction {
  const { tables, bytes } = measure;
  const slow = slowness(measure.probeMs);
  const at = (rate: number | undefined) => (rate ? bytes / rate : 0);
  const ways: Term[] = [
    { name: "loading", ms: at(copying.loadBytesPerMs) * slow },
    { name: "reading", ms: at(measure.readBytesPerMs) / copying.readers },
    { name: "the way from blue", ms: at(measure.fromBlueBytesPerMs) },
    { name: "the way to green", ms: at(measure.toGreenBytesPerMs) },
    { name: "the limit in the config", ms: at(limitBytesPerMs) },
  ];
  const slowest = ways.reduce((most, way) => (way.ms > most.ms ? way : most));
  const roundTrips = copying.tableRoundTrips * (measure.blueRoundTripMs + measure.greenRoundTripMs);
  return sumOf([
    { name: "start", ms: copying.startMs * slow },
    { name: "tables", ms: tables * (copying.tableMs * slow + roundTrips) },
    ...(measure.looseTables > 0
      ? [{ name: "tables outside of transactions", ms: copying.looseMs * slow }]
      : []),
    slowest,
  ]);
}

/** A copy of the files: they come at the rate of the way from blue to green, as far as the tool can measure it. */
export function predictPhysicalCopy(measure: CopyMeasure, limitBytesPerMs = 0): Prediction {
  const bytes = measure.bytes + measure.indexBytes;
  const at = (rate: number | undefined) => (rate ? bytes / rate : 0);
  const ways: Term[] = [
    { name: "the way from blue", ms: at(measure.fromBlueBytesPerMs) },
    { name: "the way to green", ms: at(measure.toGreenBytesPerMs) },
    { name: "the limit in the config", ms: at(limitBytesPerMs) },
  ];
  const slowest = ways.reduce((most, way) => (way.ms > most.ms ? way : most));
  return sumOf([{ name: "start and end", ms: takingFiles.startMs * slowness(measure.probeMs) }, slowest]);
}

/** From the end of the copy until green is less than a second behind; undefined if it never will be. */
export function predictCatchUp(measure: CopyMeasure, copyMs: number): Prediction | undefined {
  const applied = following.appliedPerSecond / slowness(measure.probeMs);
  const { writesPerSecond } = measure;
  if (applied <= writesPerSecond) return undefined;
  const backlog = (writesPerSecond * copyMs) / 1000;
  return sumOf([
    { name: "start", ms: following.startMs + measure.blueRoundTripMs + measure.greenRoundTripMs },
    { name: "backlog", ms: (backlog / (applied - writesPerSecond)) * 1000 },
  ]);
}
