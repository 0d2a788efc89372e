import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { page } from "./page";
import { promises } from "./promises";
import type { RehearsalFacts, RehearsalReport } from "./types";

export { summary } from "./summary";
export { confirmedGapMs, feltOf, readTimeline, type Timeline } from "./timeline";
export type * from "./types";

/** Adds the promises and the verdict to what was seen. Pure. */
export function conclude(facts: RehearsalFacts): RehearsalReport {
  const held = promises(facts);
  return { ok: held.every(({ kept }) => kept), ...facts, promises: held };
}

/** Writes `rehearsal.json` and `rehearsal.html` into `dir`, each whole or not at all; returns what they say. */
export function writeReport(facts: RehearsalFacts, dir: string): RehearsalReport {
  const report = conclude(facts);
  mkdirSync(dir, { recursive: true });
  replace(join(dir, "rehearsal.json"), `${JSON.stringify(report, undefined, 2)}\n`);
  replace(join(dir, "rehearsal.html"), page(report));
  return report;
}

function replace(path: string, content: string): void {
  const part = `${path}.part`;
  writeFileSync(part, content);
  renameSync(part, path);
}
