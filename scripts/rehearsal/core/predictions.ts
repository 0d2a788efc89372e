import { existsSync, readFileSync } from "node:fs";
import type { Estimate, Prediction, Term } from "../../../engine/estimate";
import type { EstimateFact, FlipFact } from "./report/types";

/** How long the copy took, and its parts. */
export interface CopyFact {
  copyMs: number;
  parts?: Term[];
}

/** What one `pulumi preview` expected. */
export interface Predicted {
  toCopy: Estimate | undefined;
  pause: Prediction | undefined;
}

/** The newest line of a file of predictions; undefined where none was made. */
export function lastPrediction(file: string): Predicted | undefined {
  if (!existsSync(file)) return undefined;
  const line = readFileSync(file, "utf8").trim().split("\n").at(-1);
  return line ? (JSON.parse(line) as Predicted) : undefined;
}

/**
 * Predictions beside what came, in the order of time.
 * @param facts.copy Undefined where there was none.
 * @param facts.catchUpMs Undefined where it did not come to it.
 * @param facts.flips With the rungs that they belong to.
 */
export function estimateFacts(
  predictions: ReadonlyMap<string, Predicted>,
  facts: {
    copy: CopyFact | undefined;
    catchUpMs: number | undefined;
    flips: readonly [string, FlipFact | undefined][];
  },
): EstimateFact[] {
  const found: EstimateFact[] = [];
  const toCopy = predictions.get("sync")?.toCopy;
  if (toCopy) {
    const { copy, catchUp, measured } = toCopy;
    found.push({
      what: "copy",
      predictedMs: copy.ms,
      terms: copy.terms,
      measured,
      ...actual(facts.copy?.copyMs, facts.copy?.parts),
    });
    if (catchUp)
      found.push({
        what: "catch-up",
        predictedMs: catchUp.ms,
        terms: catchUp.terms,
        ...actual(facts.catchUpMs),
      });
  }
  for (const [rung, flip] of facts.flips) {
    const pause = predictions.get(rung)?.pause;
    if (pause)
      found.push({
        what: `write pause, ${rung}`,
        predictedMs: pause.ms,
        terms: pause.terms,
        ...actual(
          flip?.writePauseMs,
          flip?.steps.filter(({ inPause }) => inPause).map(({ name, ms }) => ({ name, ms })),
        ),
      });
  }
  return found;
}

function actual(
  ms: number | undefined,
  parts?: EstimateFact["actualTerms"],
): Pick<EstimateFact, "actualMs" | "actualTerms"> {
  return ms === undefined ? {} : { actualMs: ms, ...(parts ? { actualTerms: parts } : {}) };
}
