import { count, duration, some } from "../../../../engine/format";
import type { FlipFact, KeptPromise, RehearsalFacts, ReplacementFact } from "./types";

/** Whoever saves may be kept waiting for less than this, in milliseconds. */
export const LONGEST_PAUSE_MS = 1_000;

/** The line that says why: of what Pulumi printed, the error of the resource that failed. */
function cause(message: string): string {
  const lines = message.split("\n");
  const errors = lines.flatMap((line) => /\berror: (?!update failed)(.+)$/.exec(line)?.[1] ?? []);
  return errors[0] ?? lines[0] ?? "";
}

/** What every move promises, held against what was seen. Pure. */
export function promises({ phases, flips, restart, expected, ...facts }: RehearsalFacts): KeptPromise[] {
  const missing = expected.phases.filter((name) => !phases.some((phase) => phase.name === name));
  const again = phases.filter(({ unchanged }) => unchanged !== undefined);
  const changed = again.filter(({ unchanged }) => unchanged === false);
  const longest = Math.max(0, ...flips.map(({ writePauseMs }) => writePauseMs));
  const directions = flips.map(({ from, to }) => `${from} to ${to}`).join(", ");
  return [
    {
      name: `Saving waits less than ${duration(LONGEST_PAUSE_MS)} at each flip`,
      found: flips.length === 0 ? "no flip was made" : `longest write pause ${duration(longest)}`,
      kept: flips.every(
        ({ writePauseMs }) => Number.isFinite(writePauseMs) && writePauseMs < LONGEST_PAUSE_MS,
      ),
    },
    {
      name: "Both databases are compared up to the last write before each flip",
      found: comparedAt(flips),
      kept: flips.every(({ verified }) => verified?.complete),
    },
    {
      name: "Every phase is gone through",
      found: missing.length === 0 ? some(phases.length, "phase") : `missing: ${missing.join(", ")}`,
      kept: missing.length === 0,
    },
    {
      name: "The traffic goes over, and back, as often as asked",
      found: `${count(flips.length)} of ${some(expected.flips, "flip")}${directions && `: ${directions}`}`,
      kept: flips.length === expected.flips,
    },
    {
      name: "Running a phase again changes nothing",
      found:
        changed.length === 0
          ? `${some(again.length, "second run")} changed nothing`
          : `changed again: ${changed.map(({ name }) => name).join(", ")}`,
      kept: changed.length === 0,
    },
    ...replaced(facts.replacements ?? []),
    ...(restart
      ? [
          {
            name: "The old database is restarted once, when allowed",
            found: `${duration(restart.ms)}, before the judged time`,
            kept: true,
          },
        ]
      : []),
  ];
}

/** None where the rehearsal came to its end. */
export function brokenOff({ failure }: RehearsalFacts): KeptPromise[] {
  if (!failure) return [];
  const found = `it failed in ${failure.during}: ${cause(failure.message)}`;
  return [{ name: "The rehearsal comes to its end", found, kept: false }];
}

/** A change of what serves, and one that fails. */
function replaced(all: readonly ReplacementFact[]): KeptPromise[] {
  const promise = (name: string, of: readonly ReplacementFact[]) => {
    if (of.length === 0) return [];
    const sum = (read: (one: ReplacementFact) => number) => of.reduce((total, one) => total + read(one), 0);
    const failedRequests = sum((one) => one.failedRequests);
    const odd = of.filter(({ failed, wantedToFail }) => failed !== wantedToFail);
    return [
      {
        name,
        found:
          odd.length > 0
            ? `${odd.map((one) => one.name).join(", ")}: ${odd[0]?.failed ? "failed" : "did not fail"}`
            : `${some(of.length, "time")}; of ${some(
                sum((one) => one.requests),
                "request",
              )} meanwhile ${count(failedRequests)} failed`,
        kept: odd.length === 0 && failedRequests === 0,
      },
    ];
  };
  return [
    ...promise(
      "A change of green's settings is not noticed",
      all.filter(({ wantedToFail }) => !wantedToFail),
    ),
    ...promise(
      "A replacement that fails leaves the old one serving",
      all.filter(({ wantedToFail }) => wantedToFail),
    ),
  ];
}

function comparedAt(flips: readonly FlipFact[]): string {
  const lacking = flips.find(({ verified }) => !verified?.complete);
  if (lacking) return `${lacking.from} to ${lacking.to}: ${lacking.verified?.why ?? "nobody compared"}`;
  const rows = flips.reduce((sum, { verified }) => sum + (verified?.rows ?? 0), 0);
  const added = Math.max(0, ...flips.map(({ verified }) => verified?.addedMs ?? 0));
  return `${some(rows, "changed row")}; it added ${duration(added)} to a write pause at most`;
}
