import { Random } from "../../../../scripts/common/random";
import type { RequestRecord } from "../../../../scripts/rehearsal/core/load/requestLog";
import { timelineOf } from "../../../../scripts/rehearsal/core/report/timeline";
import type { FlipFact } from "../../../../scripts/rehearsal/core/report/types";
import type { JudgeTable } from "../../../../scripts/rehearsal/worlds/mediawiki/judge";
import type { WikiFacts } from "../../../../scripts/rehearsal/worlds/mediawiki/report/facts";

export const START = Date.UTC(2026, 10, 21, 9, 30);

export function judgeTable(changes: Partial<JudgeTable["edits"]> = {}): JudgeTable {
  return {
    edits: { acknowledged: 1312, lost: 0, doubled: 0, altered: 0, failed: 0, maxWaitMs: 412, ...changes },
    uploads: { acknowledged: 83, lost: 0, doubled: 0, altered: 0, failed: 0, maxWaitMs: 233 },
    views: { served: 1987, failed: 0, maxMs: 318 },
    loggedOut: 0,
  };
}

/** Half a minute of people at work around a pause, who are held until it ends. */
function requestsAround(pauseStartedAtMs: number, pauseMs: number, seed: number): RequestRecord[] {
  const random = new Random(seed);
  const records: RequestRecord[] = [];
  const play = (kind: RequestRecord["kind"], perSecond: number, usualMs: number) => {
    for (let at = -17_000; at < 17_000; at += random.arrivalMs(perSecond)) {
      const ownMs = usualMs * (0.6 + random.next() ** 3 * 3);
      const meets = kind !== "view" && at < pauseMs && at + ownMs > 0;
      const latencyMs = meets ? pauseMs - at + usualMs * 1.5 : ownMs;
      records.push({ startedAtMs: pauseStartedAtMs + at, latencyMs, kind, ok: true });
    }
  };
  play("view", 6, 35);
  play("edit", 4.7, 60);
  play("upload", 0.3, 95);
  for (const at of [-70, -20, 15])
    records.push({
      startedAtMs: pauseStartedAtMs + at,
      latencyMs: pauseMs - at + 80,
      kind: "edit",
      ok: true,
    });
  return records;
}

export function flip(n: number, writePauseMs: number): FlipFact {
  const pauseStartedAtMs = START + 120_000 + n * 60_000;
  const [from, to] = n % 2 === 0 ? (["blue", "green"] as const) : (["green", "blue"] as const);
  const share = (part: number) => Math.round(writePauseMs * part * 10) / 10;
  return {
    from,
    to,
    writePauseMs,
    predictedPauseMs: 120,
    pauseStartedAtMs,
    steps: [
      { name: "gate the lag", ms: 5210 },
      { name: "intent and lease", ms: 6 },
      { name: "stop the job runners", ms: 340 },
      { name: "hold changes at the gate and let those under way finish", ms: 88 },
      { name: `fence ${from}`, ms: share(0.2), inPause: true },
      { name: "read the last position, twice", ms: share(0.1), inPause: true },
      { name: `${to} catches up`, ms: share(0.15), inPause: true },
      { name: `${from} follows ${to}`, ms: share(0.25), inPause: true },
      { name: "commit", ms: share(0.1), inPause: true },
      { name: `${to} opens, gate flips`, ms: share(0.2), inPause: true },
      { name: `a canary row arrives on ${from}`, ms: 12 },
    ],
    verified: { to: `0-1-${n + 1}00`, complete: true, why: "", rows: 40, addedMs: 0.4 },
    timeline: timelineOf(requestsAround(pauseStartedAtMs, writePauseMs, n + 1), pauseStartedAtMs),
  };
}

/** A rehearsal as it should be. */
export function goodFacts(changes: Partial<WikiFacts> = {}): WikiFacts {
  const phases = [
    "set-up",
    "prepare",
    "sync",
    "switch",
    "canary",
    "active green",
    "active blue",
    "active green again",
    "retire",
  ];
  const took = [9_200, 31_000, 48_300, 8_700, 6_100, 14_200, 13_900, 14_600, 11_800];
  const flips = [flip(0, 61), flip(1, 74), flip(2, 58)];
  const judge = judgeTable();
  const result = (acknowledged: number) => ({
    ...judgeTable({ acknowledged }),
    base: "http://127.0.0.1:8080",
    tookMs: 2100,
    unknown: { found: 0, absent: 0 },
    problems: [],
  });
  return {
    startedAt: new Date(START).toISOString(),
    endedAt: new Date(START + 318_000).toISOString(),
    machine: { cpus: 2, memoryBytes: 8.3e9, system: "Linux 6.1, Node 24.21.0, Docker 20.10" },
    wiki: { pages: 2143, revisions: 5377, files: 200, users: 20 },
    options: { seed: 1, pages: 2000, files: 200, "edits-per-second": 5, minutes: 10 },
    phases: phases.map((name, i) => ({
      name,
      ms: took[i] as number,
      ...(i === 0 ? {} : { unchanged: true, againMs: 4200 + i * 90 }),
    })),
    restart: { host: "blue-db", at: new Date(START + 21_000).toISOString(), ms: 2740 },
    flips,
    estimates: [
      {
        what: "copy",
        predictedMs: 6_000,
        actualMs: 5_000,
        terms: [
          { name: "start", ms: 600 },
          { name: "tables", ms: 5_400 },
        ],
      },
      {
        what: "write pause, active green",
        predictedMs: 60,
        actualMs: 61,
        terms: [{ name: "commit", ms: 60 }],
      },
      { what: "write pause, active blue", predictedMs: 90, terms: [{ name: "commit", ms: 90 }] },
    ],
    judge,
    judgements: [
      { when: "after flip 1, through the gate", result: result(612) },
      { when: "after flip 2, through the gate", result: result(874) },
      { when: "after flip 3, through the gate", result: result(1190) },
      { when: "at the end, from green alone", result: result(1312) },
    ],
    complaints: [],
    hosts: [
      {
        host: "blue-db",
        at: new Date(START + 20_000).toISOString(),
        action: "binary log switched on: /etc/mysql/mariadb.conf.d/90-wikiferry.cnf",
      },
      {
        host: "blue-db",
        at: new Date(START + 21_000).toISOString(),
        action: "MariaDB restarted, with adopt.allowRestart",
      },
      {
        host: "blue-db",
        at: new Date(START + 26_000).toISOString(),
        action: "replication user made, TLS required",
      },
      {
        host: "blue-web",
        at: new Date(START + 119_000).toISOString(),
        action: "cron stopped before the fence",
      },
      {
        host: "green-file-sync",
        at: new Date(START + 60_000).toISOString(),
        action: "200 files compared by SHA-1",
      },
    ],
    peakMemoryBytes: 187e6,
    expected: { phases, flips: 3, edits: 1000, uploads: 50 },
    ...changes,
  };
}
