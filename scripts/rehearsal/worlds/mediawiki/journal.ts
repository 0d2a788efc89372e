import { readJournal } from "../../../../engine/control/mariadb/journal";
import type { JournalRecord } from "../../../../engine/control/store";
import { copyState } from "../../../../engine/movers/mariadb/copy/state";
import type { FlipResult } from "../../../../engine/movers/mariadb/cutover/context";
import { pauseSteps } from "../../../../engine/movers/mariadb/cutover/protocol";
import { silent } from "../../../../engine/progress";
import { openMoveSession } from "../../../../engine/session";
import { readWikiConfig } from "../../../common/stackConfig";
import type { Pulumi } from "../../core/pulumi";
import type { FlipFact, HostAction, RehearsalFacts } from "../../core/report/types";
import type { JournalFacts } from "../../core/world";

const inPause: ReadonlySet<string> = new Set(pauseSteps);

/** Both servers' journals, in the order of time, and the copy; a server that doesn't answer any more is left out. */
export async function journalFacts(pulumi: Pulumi): Promise<JournalFacts> {
  const { spec, secrets } = await readWikiConfig(pulumi);
  const { blue, green, close } = openMoveSession(spec, secrets, silent);
  try {
    const [copy, ...journals] = await Promise.all([
      copyState(green).catch(() => undefined),
      ...[blue, green].map((server) => readJournal(server).catch(() => [])),
    ]);
    const records = journals.flat().sort((a, b) => (a.at < b.at ? -1 : 1));
    return {
      flips: flips(records),
      restart: restart(records),
      hosts: hostActions(records),
      copy: copy?.state === "copied" ? copy : undefined,
      catchUpMs: catchUpMs(records),
    };
  } finally {
    await close();
  }
}

/** The first catching up is the one after the copy. */
function catchUpMs(records: readonly JournalRecord[]): number | undefined {
  const record = records.find(({ step, event }) => step === "replication" && event === "caught up");
  return (record?.detail as { followMs?: number } | undefined)?.followMs;
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
