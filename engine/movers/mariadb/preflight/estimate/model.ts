import type { Prediction, Term } from "../../../../estimate";
import { copying, following, speedProbe, takingFiles } from "./constants";

/** What a preview measured for a copy that is to come. */
export interface CopyMeasure {
  /** By the source's statistics. */
  tables: number;
  /** The non-transactional ones among them. */
  looseTables: number;
  /** Of data, indexes left out, by the source's statistics. */
  bytes: number;
  /** Of indexes; a physical copy transfers them. */
  indexBytes: number;
  /**
   * Rate at which the tool read a sample of many tables, in bytes per millisecond; undefined if there is nothing to
   * read.
   */
  readBytesPerMs: number | undefined;
  /** From blue to the tool, and from it to green, in bytes per millisecond; undefined where that is unknown. */
  fromBlueBytesPerMs: number | undefined;
  toGreenBytesPerMs: number | undefined;
  /** A statement and its answer, in milliseconds. */
  blueRoundTripMs: number;
  greenRoundTripMs: number;
  /** How long `speedProbe` took on the slower of both servers, on average, in milliseconds. */
  probeMs: number;
  /** Changes that blue gets, per second. */
  writesPerSecond: number;
}

/** How much slower the machine is than the one of the constants. The factor is bounded, because a probe may be off. */
export function slowness(probeMs: number): number {
  return Math.min(8, Math.max(0.2, probeMs / speedProbe.usualMs));
}

/** A sum of terms, each named, in milliseconds. */
export function sumOf(terms: readonly Term[]): Prediction {
  const rounded = terms.map((term) => ({ ...term, ms: Math.round(term.ms * 10) / 10 }));
  return { ms: Math.round(terms.reduce((sum, { ms }) => sum + ms, 0)), terms: rounded };
}

/**
 * Start, tables and bytes of a copy. Reading, both network paths and loading overlap, so the slowest of them counts.
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

/** A copy of the files, which arrive at the rate of the path from blue to green, as far as the tool can measure it. */
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
