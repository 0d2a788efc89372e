import { existsSync } from "node:fs";
import { cpus, release, type as system, totalmem } from "node:os";
import { type Move, openMove } from "../../engine/context";
import { type JournalRecord, readJournal } from "../../engine/mariadb/control/journal";
import { copyState } from "../../engine/mariadb/copy/state";
import type { FlipResult } from "../../engine/mariadb/cutover/context";
import { pauseSteps } from "../../engine/mariadb/cutover/protocol";
import { silent } from "../../engine/progress";
import type { JudgeTable } from "./judge";
import { ladder } from "./ladder";
import { readRequests } from "./load/requestLog";
import { type LoadSummary, noFigures } from "./load/tally";
import type { RehearsalOptions } from "./options";
import { type CopyFact, estimateFacts } from "./predictions";
import { confirmedGapMs, feltOf, readTimeline } from "./report";
import type { FlipFact, HostAction, RehearsalFacts, Replacement } from "./report/types";
import type { Run } from "./run";
import { readStackConfig } from "./stackConfig";
import { stageExists } from "./stage";

/** The rungs that flip, in order. */
const flipRungs = ladder.filter(({ flip }) => flip);

const inPause: ReadonlySet<string> = new Set(pauseSteps);

function machine(): RehearsalFacts["machine"] {
  return { cpus: cpus().length, memoryBytes: totalmem(), system: `${system()} ${release()}` };
}

/** What a rehearsal saw, however far it went: what can't be asked any more is left out. */
export async function factsOf(
  run: Run,
  options: RehearsalOptions,
): Promise<Omit<RehearsalFacts, "startedAt" | "endedAt" | "peakMemoryBytes">> {
  const { records, copy } = await journalsOf(run);
  const requests = run.load?.requestsFile;
  const rungs = ladder.slice(
    0,
    ladder.findIndex(({ stop }) => stop && stop === options.until) + 1 || undefined,
  );
  const flipped = flips(records).map((flip, n) => {
    const prediction = run.predictions.get(flipRungs[n]?.name ?? "")?.pause;
    const predicted = prediction ? { ...flip, predictedPauseMs: prediction.ms } : flip;
    if (!requests || !existsSync(requests)) return predicted;
    const timeline = readTimeline(requests, flip.pauseStartedAtMs);
    return {
      ...predicted,
      timeline,
      confirmedGapMs: confirmedGapMs(timeline, flip.from, flip.to),
      felt: feltOf(timeline, flip.writePauseMs),
    };
  });
  return {
    machine: machine(),
    wiki: await siteStatistics(run.address).catch(() => ({ pages: 0, revisions: 0, files: 0, users: 0 })),
    options: { ...options, until: options.until ?? "the end", json: String(options.json) },
    phases: run.phases,
    restart: restart(records),
    flips: flipped,
    estimates: estimateFacts(run.predictions, {
      copy,
      records,
      flips: flipRungs.map(({ name }, n) => [name, flipped[n]]),
    }),
    judge: lastTable(run),
    judgements: run.judgements,
    complaints: run.loadSummary?.complaints ?? [],
    hosts: hostActions(records),
    refusals: run.refusals,
    replacements: run.replacements.map((one) => ({ ...one, ...metWith(requests, one) })),
    ...(run.failure ? { failure: run.failure } : {}),
    expected: {
      phases: rungs.map(({ name }) => name),
      flips: rungs.filter(({ flip }) => flip).length,
      // One that stops on the way has no time for so much.
      edits: options.until ? 0 : options.edits,
      uploads: options.until ? 0 : options.uploads,
    },
  };
}

/** Requests that were under way in that time. */
function metWith(requestsFile: string | undefined, { startedAtMs, endedAtMs }: Replacement) {
  if (!requestsFile || !existsSync(requestsFile)) return { requests: 0, failedRequests: 0 };
  const requests = readRequests(requestsFile, startedAtMs, endedAtMs);
  return { requests: requests.length, failedRequests: requests.filter(({ ok }) => !ok).length };
}

function lastTable(run: Run): JudgeTable {
  const last = run.judgements.at(-1);
  if (!last) return unjudged(run.loadSummary);
  const { edits, uploads, views, loggedOut } = last.result;
  return { edits, uploads, views, loggedOut };
}

/** What people were told, where nobody looked afterwards. */
function unjudged(load: LoadSummary | undefined): JudgeTable {
  const { edits, uploads, views, loggedOut } = load?.total ?? noFigures();
  const column = ({ acknowledged, failed, maxWaitMs }: typeof edits) => ({
    acknowledged,
    lost: 0,
    doubled: 0,
    altered: 0,
    failed,
    maxWaitMs,
  });
  return { edits: column(edits), uploads: column(uploads), views, loggedOut };
}

async function siteStatistics(address: string): Promise<RehearsalFacts["wiki"]> {
  const url = `${address}/api.php?action=query&meta=siteinfo&siprop=statistics&format=json&formatversion=2`;
  const response = await fetch(url, { signal: AbortSignal.timeout(20_000) });
  const { statistics } = ((await response.json()) as { query: { statistics: Record<string, number> } }).query;
  const { pages = 0, edits = 0, images = 0, users = 0 } = statistics;
  return { pages, revisions: edits, files: images, users };
}

/** Both journals, and the copy if there is one. */
async function journalsOf(run: Run): Promise<{ records: JournalRecord[]; copy: CopyFact | undefined }> {
  const nothing = { records: [], copy: undefined };
  if (!stageExists(run.stage)) return nothing;
  try {
    const { spec, secrets } = await readStackConfig(run.pulumi);
    const move = openMove(spec, secrets, silent);
    try {
      const [records, copy] = await Promise.all([
        journals(move),
        copyState(move.green).catch(() => undefined),
      ]);
      return { records, copy: copy?.state === "copied" ? copy : undefined };
    } finally {
      await move.close();
    }
  } catch (error) {
    // After a failure the report tells what it can.
    if (run.failure) return nothing;
    throw error;
  }
}

/** Both servers' journals, in the order of time; a server that doesn't answer any more is left out. */
async function journals({ blue, green }: Move): Promise<JournalRecord[]> {
  const read = await Promise.all([blue, green].map((server) => readJournal(server).catch(() => [])));
  return read.flat().sort((a, b) => (a.at < b.at ? -1 : 1));
}

/** The flips that were carried out, in order. */
export function flips(records: readonly JournalRecord[]): FlipFact[] {
  return records
    .filter(({ step, event }) => step === "cutover" && event === "flipped")
    .map(({ detail }) => {
      const flip = detail as unknown as FlipResult;
      return {
        from: flip.from,
        to: flip.to,
        writePauseMs: flip.writePauseMs,
        pauseStartedAtMs: flip.fencedAtMs,
        steps: flip.steps.map(({ name, ms }) => ({
          name,
          ms,
          ...(inPause.has(name) ? { inPause: true } : {}),
        })),
        ...(flip.verified ? { verified: flip.verified } : {}),
      };
    });
}

/** The one restart of blue's MariaDB. */
export function restart(records: readonly JournalRecord[]): RehearsalFacts["restart"] {
  const found = records.find(({ event }) => event === "restarted MariaDB");
  if (!found) return undefined;
  return {
    host: "blue-db",
    at: found.at,
    ms: Number((found.detail as { downtimeMs?: number }).downtimeMs ?? 0),
  };
}

export function hostActions(records: readonly JournalRecord[]): HostAction[] {
  return records.map(({ at, side, host, step, event }) => ({
    at,
    host: host && host !== "127.0.0.1" ? host : `${side ?? "gate"}-db`,
    action: `${step}: ${event}`,
  }));
}
