import { cpus, release, type as system, totalmem } from "node:os";
import type { Move } from "../../engine/context";
import { type JournalRecord, readJournal } from "../../engine/mariadb/control/journal";
import type { FlipResult } from "../../engine/mariadb/cutover/context";
import type { FlipFact, HostAction, RehearsalFacts } from "./report/types";

/** Steps of a flip during which no database takes writes. */
const inPause = new Set([
  "fence the primary",
  "read the position",
  "catch up",
  "reverse the stream",
  "commit",
  "turn the gate",
]);

export function machine(): RehearsalFacts["machine"] {
  return { cpus: cpus().length, memoryBytes: totalmem(), system: `${system()} ${release()}` };
}

/** Both servers' journals, in the order of time; a server that doesn't answer any more is left out. */
export async function journals({ blue, green }: Move): Promise<JournalRecord[]> {
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
