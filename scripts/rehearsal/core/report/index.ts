import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { page } from "./page";
import type { ReportParts } from "./parts";
import { brokenOff, promises } from "./promises";
import type { RehearsalFacts, RehearsalReport } from "./types";

/** Adds the promises and the verdict to what was seen. Pure. */
export function conclude<Facts extends RehearsalFacts>(
  facts: Facts,
  parts: ReportParts<Facts>,
): RehearsalReport<Facts> {
  const held = [...brokenOff(facts), ...parts.promises(facts), ...promises(facts)];
  return { ok: held.every(({ kept }) => kept), ...facts, promises: held };
}

/**
 * Writes `<name>.json` and `<name>.html` into `dir`, each whole or not at all; returns what they say.
 * @param name Defaults to `rehearsal`.
 */
export function writeReport<Facts extends RehearsalFacts>(
  facts: Facts,
  parts: ReportParts<Facts>,
  dir: string,
  name = "rehearsal",
): RehearsalReport<Facts> {
  const report = conclude(facts, parts);
  mkdirSync(dir, { recursive: true });
  replace(join(dir, `${name}.json`), `${JSON.stringify(report, undefined, 2)}\n`);
  replace(join(dir, `${name}.html`), page(report, parts));
  return report;
}

function replace(path: string, content: string): void {
  const part = `${path}.part`;
  writeFileSync(part, content);
  renameSync(part, path);
}
