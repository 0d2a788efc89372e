import type { Estimate } from "../../../../estimate";
import type { CopySettings } from "../../../../move";
import type { Server } from "../../../../runtime/mariadb/server";
import { physicalFromBytes } from "../../copy/choose";
import { type CopyMeasure, predictCatchUp, predictCopy, predictPhysicalCopy } from "./model";
import {
  downRate,
  probeMs,
  readingRate,
  roundTripMs,
  type TableSize,
  tableSizes,
  upRate,
  writesSoFar,
} from "./sample";

export interface EstimateOptions {
  /** Undefined while its server does not exist yet. It is then assumed to be as fast as blue. */
  green?: Server;
  /** The copy method in the config. Defaults to the method that fits the size, without a limit. */
  copy?: CopySettings;
}

/**
 * Size and duration of the copy, and of catching up after it, from some seconds of measuring: reading a sample of the
 * largest tables, the network paths to both servers, round trips, the machines' speed, the wiki's writes. Never writes.
 */
export async function estimate(
  blue: Server,
  database: string,
  { green, copy: wanted }: EstimateOptions = {},
): Promise<Estimate> {
  const here = await blue.open();
  const there = green && (await green.open());
  try {
    const tables = await tableSizes(here, database);
    const writesBefore = await writesSoFar(here);
    const startedAt = performance.now();

    const blueRoundTripMs = await roundTripMs(here);
    const greenRoundTripMs = there ? await roundTripMs(there) : blueRoundTripMs;
    const measure: CopyMeasure = {
      tables: tables.length,
      looseTables: tables.filter(({ transactional }) => !transactional).length,
      bytes: sum(tables, "bytes"),
      indexBytes: sum(tables, "indexBytes"),
      blueRoundTripMs,
      greenRoundTripMs,
      probeMs: Math.max(...(await probeMs(there ? [here, there] : [here]))),
      fromBlueBytesPerMs: await downRate(here, blueRoundTripMs),
      toGreenBytesPerMs: there && (await upRate(there, greenRoundTripMs)),
      readBytesPerMs: await readingRate(here, database, tables),
      writesPerSecond: ((await writesSoFar(here)) - writesBefore) / ((performance.now() - startedAt) / 1000),
    };
    const method = wanted?.method ?? "auto";
    const large = measure.bytes + measure.indexBytes >= physicalFromBytes;
    const predict = method === "physical" || (method === "auto" && large) ? predictPhysicalCopy : predictCopy;
    const copy = predict(measure, (wanted?.maxBytesPerSecond ?? 0) / 1000);
    return {
      rows: sum(tables, "rows"),
      bytes: measure.bytes,
      copyMs: copy.ms,
      copy,
      catchUp: predictCatchUp(measure, copy.ms),
      measured: { ...measure },
    };
  } finally {
    here.destroy();
    there?.destroy();
  }
}

function sum(tables: readonly TableSize[], what: "rows" | "bytes" | "indexBytes"): number {
  return tables.reduce((total, table) => total + table[what], 0);
}
