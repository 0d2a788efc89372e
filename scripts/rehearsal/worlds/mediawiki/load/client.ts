import { join } from "node:path";
import { Load } from "../../../core/load/client";
import type { LoadInput } from "./options";
import { type Figures, noFigures, type WikiLoadSummary } from "./tally";

/** Whom and what a load has found at its start. */
export interface LoadReady {
  articles: number;
  images: number;
  editors: number;
}

export type WikiLoad = Load<Figures, LoadReady, WikiLoadSummary>;

/** Starts readers and editors and waits until everybody is logged in. Throws `LOAD_…` if they can't. */
export function startLoad(options: LoadInput, onStats?: (figures: Figures) => void): Promise<WikiLoad> {
  return Load.start({ path: join(__dirname, "main.ts"), options, none: noFigures() }, onStats);
}
