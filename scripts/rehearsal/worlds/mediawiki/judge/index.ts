import { setTimeout as wait } from "node:timers/promises";
import { WikiferryError } from "../../../../../engine/errors";
import { HttpClient } from "../../../core/load/http";
import { type Change, type HistoryEntry, isChange, readHistory } from "../load/history";
import type { Account } from "../load/session";
import type { Figures } from "../load/tally";
import { type Comparison, compare, type Problem } from "./compare";
import { ServedReader } from "./served";

/** What became of one kind of writes. */
interface WriteCounts {
  acknowledged: number;
  lost: number;
  doubled: number;
  altered: number;
  failed: number;
  /** In milliseconds. */
  maxWaitMs: number;
}

/** The judge's table, as `reports/rehearsal.json` has it. */
export interface JudgeTable {
  /** Edits, creations and moves. */
  edits: WriteCounts;
  uploads: WriteCounts;
  views: { served: number; failed: number; maxMs: number };
  loggedOut: number;
}

export interface JudgeResult extends JudgeTable {
  /** The address that was judged. */
  base: string;
  /** How long judging took, in milliseconds. */
  tookMs: number;
  /** Changes whose answer never came: there after all, or not (then they count as failed). */
  unknown: { found: number; absent: number };
  /** The first twenty. */
  problems: Problem[];
}

export interface JudgeOptions {
  historyFile: string;
  /** Where to connect: the gate, or one side. */
  base: string;
  /** Host to ask for, if it isn't that of `base`: `$wgServer`'s. */
  hostHeader?: string;
  /** Default `/api.php`. */
  apiPath?: string;
  /** Who looks, where only accounts may read. Defaults to anybody. */
  account?: Account;
  /**
   * Failures, waits and log-outs count from this mark of the history on; default: from its start. What was
   * acknowledged is judged in any case.
   */
  sinceMark?: string;
  /** The load's figures for the same time: page views. */
  figures?: Figures;
}

const MOST_PROBLEMS = 20;
/** While editors work, what looks wrong may only be newer than the history: it is looked at again. */
const LOOKS = 3;
const LOOK_AGAIN_MS = 1_000;
const TIMEOUT_MS = 30_000;

/** The judge's table, from the history, the comparison and the load's count of page views. Pure. */
export function table(
  history: HistoryEntry[],
  { problems, unknown }: Comparison,
  options: Pick<JudgeOptions, "sinceMark" | "figures"> = {},
): JudgeTable {
  const { sinceMark, figures } = options;
  const from = sinceMark === undefined ? 0 : markIndex(history, sinceMark);
  const counted = history.slice(from);
  const absent = new Set(unknown.absent);
  const isUpload = (change: { kind: Change["kind"] }) => change.kind === "upload";
  const column = (mine: (change: { kind: Change["kind"] }) => boolean) => {
    const faults = (fault: Problem["fault"]) =>
      new Set(problems.filter((problem) => mine(problem) && problem.fault === fault).map(({ id }) => id))
        .size;
    const changes = counted.filter(isChange).filter(mine);
    return {
      acknowledged: history.filter(isChange).filter((change) => mine(change) && change.status === "ok")
        .length,
      lost: faults("lost"),
      doubled: faults("doubled"),
      altered: faults("altered"),
      failed: changes.filter((change) => change.status === "failed" || absent.has(change)).length,
      maxWaitMs: changes.reduce((most, { latencyMs }) => Math.max(most, latencyMs), 0),
    };
  };
  return {
    edits: column((change) => !isUpload(change)),
    uploads: column(isUpload),
    views: figures ? { ...figures.views } : { served: 0, failed: 0, maxMs: 0 },
    loggedOut: counted.filter(({ kind }) => kind === "loggedOut").length,
  };
}

function markIndex(history: HistoryEntry[], name: string): number {
  const index = history.findLastIndex((entry) => entry.kind === "mark" && entry.name === name);
  if (index >= 0) return index;
  const marks = history.flatMap((entry) => (entry.kind === "mark" ? [entry.name] : []));
  throw new WikiferryError(
    "JUDGE_MARK",
    `the history has no mark ${name}, only ${marks.join(", ") || "none at all"}`,
    "Give a mark that the load was told.",
  );
}

/** Compares everything that editors were told with what the wiki serves now. The load may go on meanwhile. */
export async function judge(options: JudgeOptions): Promise<JudgeResult> {
  const startMs = performance.now();
  const { historyFile, base, hostHeader, apiPath = "/api.php" } = options;
  const client = new HttpClient(base, hostHeader ? `http://${hostHeader}` : base, TIMEOUT_MS, 4);
  const reader = new ServedReader(client, apiPath, options.account);
  try {
    for (let look = 1; ; look++) {
      const history = readHistory(historyFile);
      const start = history.find((entry) => entry.kind === "start");
      if (!start)
        throw new WikiferryError(
          "JUDGE_HISTORY",
          `${historyFile} has no beginning`,
          "Give the history file of a load that has started.",
        );
      const changes = history.filter(isChange);
      const served = await reader.read(changes, start.serverTime);
      const later = readHistory(historyFile).slice(history.length).filter(isChange);
      const comparison = compare(changes, served, later);
      if (look < LOOKS && comparison.problems.some(({ mayBeRace }) => mayBeRace)) {
        await wait(LOOK_AGAIN_MS);
        continue;
      }
      return {
        ...table(history, comparison, options),
        base,
        tookMs: Math.round(performance.now() - startMs),
        unknown: { found: comparison.unknown.found.length, absent: comparison.unknown.absent.length },
        problems: comparison.problems.slice(0, MOST_PROBLEMS),
      };
    }
  } finally {
    client.close();
  }
}
