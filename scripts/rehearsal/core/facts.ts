import { existsSync } from "node:fs";
import { cpus, release, type as system, totalmem } from "node:os";
import { requestsFileOf } from "../../common/stage";
import { readRequests } from "./load/requestLog";
import { estimateFacts } from "./predictions";
import { confirmedGapMs, feltOf, readTimeline } from "./report/timeline";
import type { RehearsalFacts, Replacement } from "./report/types";
import type { Run } from "./run";
import type { JournalFacts } from "./world";

const nothing: JournalFacts = {
  flips: [],
  restart: undefined,
  hosts: [],
  copy: undefined,
  catchUpMs: undefined,
};

/** What a rehearsal saw, however far it went: what can't be asked any more is left out. */
export async function factsOf(
  run: Run,
): Promise<Omit<RehearsalFacts, "startedAt" | "endedAt" | "peakMemoryBytes">> {
  const { world, stage, until } = run;
  const journal = await journalOf(run);
  const requests = requestsFileOf(stage);
  const flipRungs = world.ladder.filter(({ flip }) => flip);
  const rungs = world.ladder.slice(
    0,
    world.ladder.findIndex(({ stop }) => stop && stop === until) + 1 || undefined,
  );
  const kinds = Object.fromEntries(Object.entries(world.report.felt).map(([name, { kind }]) => [name, kind]));
  const flips = journal.flips.map((flip, n) => {
    const prediction = run.predictions.get(flipRungs[n]?.name ?? "")?.pause;
    const predicted = prediction ? { ...flip, predictedPauseMs: prediction.ms } : flip;
    if (!existsSync(requests)) return predicted;
    const timeline = readTimeline(requests, flip.pauseStartedAtMs);
    return {
      ...predicted,
      timeline,
      confirmedGapMs: confirmedGapMs(timeline, flip.from, flip.to),
      felt: feltOf(timeline, flip.writePauseMs, kinds),
    };
  });
  return {
    machine: { cpus: cpus().length, memoryBytes: totalmem(), system: `${system()} ${release()}` },
    options: world.options,
    phases: run.phases,
    restart: journal.restart,
    flips,
    estimates: estimateFacts(run.predictions, {
      copy: journal.copy,
      catchUpMs: journal.catchUpMs,
      flips: flipRungs.map(({ name }, n) => [name, flips[n]]),
    }),
    hosts: journal.hosts,
    refusals: run.refusals,
    replacements: run.replacements.map((one) => ({ ...one, ...metWith(requests, one) })),
    ...(run.failure ? { failure: run.failure } : {}),
    expected: { phases: rungs.map(({ name }) => name), flips: rungs.filter(({ flip }) => flip).length },
  };
}

/** After a failure the report tells what it can. */
async function journalOf(run: Run): Promise<JournalFacts> {
  try {
    return await run.world.journal(run.pulumi);
  } catch (error) {
    if (run.failure) return nothing;
    throw error;
  }
}

/** Requests that were under way in that time. */
function metWith(requestsFile: string, { startedAtMs, endedAtMs }: Replacement) {
  if (!existsSync(requestsFile)) return { requests: 0, failedRequests: 0 };
  const requests = readRequests(requestsFile, startedAtMs, endedAtMs);
  return { requests: requests.length, failedRequests: requests.filter(({ ok }) => !ok).length };
}
