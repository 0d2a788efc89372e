import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { estimateFacts, type Predicted } from "../../../../scripts/rehearsal/core/predictions";
import { passingRefusal } from "../../../../scripts/rehearsal/core/refusal";
import * as core from "../../../../scripts/rehearsal/core/report";
import { html } from "../../../../scripts/rehearsal/core/report/markup";
import { page as corePage } from "../../../../scripts/rehearsal/core/report/page";
import { summary as coreSummary } from "../../../../scripts/rehearsal/core/report/summary";
import {
  confirmedGapMs,
  feltOf,
  heldWrites,
  timelineOf,
} from "../../../../scripts/rehearsal/core/report/timeline";
import { wikiReport } from "../../../../scripts/rehearsal/worlds/mediawiki/report";
import type { WikiFacts, WikiReport } from "../../../../scripts/rehearsal/worlds/mediawiki/report/facts";
import { flip, goodFacts, judgeTable } from "./reportFacts";

const conclude = (facts: WikiFacts) => core.conclude(facts, wikiReport);
const summary = (report: WikiReport) => coreSummary(report, wikiReport);
const page = (report: WikiReport) => corePage(report, wikiReport);

const brokenNames = (facts: WikiFacts) =>
  conclude(facts)
    .promises.filter(({ kept }) => !kept)
    .map(({ name }) => name);

test("a rehearsal that kept every promise is ok", () => {
  const report = conclude(goodFacts());
  expect(report.ok).toBe(true);
  expect(report.promises.map(({ name, found }) => [name, found])).toEqual([
    ["No edit is lost", "0 edits"],
    ["No edit is there twice", "0 edits"],
    ["No edit is altered", "0 edits"],
    ["No upload is lost, there twice or altered", "0 uploads"],
    ["No save fails: in a flip it waits", "0 saves"],
    ["No page view fails", "0 page views"],
    ["Nobody is logged out", "0 times"],
    ["People were busy all the while", "1,312 edits of at least 1,000, 83 uploads of at least 50"],
    ["Saving waits less than 1.0 s at each flip", "longest write pause 74 ms"],
    [
      "Both databases are compared up to the last write before each flip",
      "120 changed rows; it added 0.4 ms to a write pause at most",
    ],
    ["Every phase is gone through", "9 phases"],
    [
      "The traffic goes over, and back, as often as asked",
      "3 of 3 flips: blue to green, green to blue, blue to green",
    ],
    ["Running a phase again changes nothing", "8 second runs changed nothing"],
    ["The old database is restarted once, when allowed", "2.7 s, before the judged time"],
  ]);
});

test("a replacement under load and a failed one are separate promises", () => {
  const one = { name: "green's settings", startedAtMs: 0, endedAtMs: 20_000, ms: 20_000, requests: 60 };
  const settings = { ...one, failed: false, wantedToFail: false, failedRequests: 0 };
  const broken = { ...one, name: "a broken setting", failed: true, wantedToFail: true, failedRequests: 0 };
  const found = (replacements: WikiFacts["replacements"]) =>
    conclude({ ...goodFacts(), replacements })
      .promises.slice(13, 15)
      .map((promise) => [promise.name, promise.found, promise.kept]);
  const names = [
    "A change of green's settings is not noticed",
    "A replacement that fails leaves the old one serving",
  ];
  expect(found([settings, broken, settings])).toEqual([
    [names[0], "2 times; of 120 requests meanwhile 0 failed", true],
    [names[1], "1 time; of 60 requests meanwhile 0 failed", true],
  ]);
  expect(
    found([
      { ...settings, failedRequests: 2 },
      { ...broken, failed: false },
    ]),
  ).toEqual([
    [names[0], "1 time; of 60 requests meanwhile 2 failed", false],
    [names[1], "a broken setting: did not fail", false],
  ]);
});

const judge = judgeTable();
const breaches: [string, Partial<WikiFacts>][] = [
  ["No edit is lost", { judge: judgeTable({ lost: 1 }) }],
  ["No edit is there twice", { judge: judgeTable({ doubled: 1 }) }],
  ["No edit is altered", { judge: judgeTable({ altered: 1 }) }],
  [
    "No upload is lost, there twice or altered",
    { judge: { ...judge, uploads: { ...judge.uploads, lost: 1 } } },
  ],
  [
    "No upload is lost, there twice or altered",
    { judge: { ...judge, uploads: { ...judge.uploads, altered: 1 } } },
  ],
  [
    "No upload is lost, there twice or altered",
    { judge: { ...judge, uploads: { ...judge.uploads, doubled: 1 } } },
  ],
  ["No save fails: in a flip it waits", { judge: judgeTable({ failed: 1 }) }],
  ["The rehearsal comes to its end", { failure: { during: "active green", message: "PULUMI_UP: no" } }],
  ["No page view fails", { judge: { ...judge, views: { ...judge.views, failed: 1 } } }],
  ["Nobody is logged out", { judge: { ...judge, loggedOut: 1 } }],
  ["Saving waits less than 1.0 s at each flip", { flips: [flip(0, 61), flip(1, 1000), flip(2, 58)] }],
  ["Saving waits less than 1.0 s at each flip", { flips: [flip(0, 61), flip(1, Number.NaN), flip(2, 58)] }],
  [
    "Both databases are compared up to the last write before each flip",
    { flips: [flip(0, 61), { ...flip(1, 74), verified: undefined }, flip(2, 58)] },
  ],
  ["Every phase is gone through", { phases: goodFacts().phases.slice(0, -1) }],
  ["The traffic goes over, and back, as often as asked", { flips: [flip(0, 61)] }],
  [
    "Running a phase again changes nothing",
    { phases: goodFacts().phases.map((p) => ({ ...p, unchanged: p.name !== "sync" })) },
  ],
  ["People were busy all the while", { judge: judgeTable({ acknowledged: 999 }) }],
];

test.each(breaches)("not ok when broken: %s", (name, change) => {
  expect(brokenNames(goodFacts(change))).toEqual([name]);
  expect(conclude(goodFacts(change)).ok).toBe(false);
});

test("what was lost after an earlier flip is not forgotten when it reappears at the end", () => {
  const facts = goodFacts();
  const first = facts.judgements[0];
  if (first) first.result.edits.lost = 2;
  expect(brokenNames(facts)).toEqual(["No edit is lost"]);
});

test("a flip that was refused and tried again is reported, and breaks no promise", () => {
  const message = "PRIMARY_LAG: green is 1.2 s behind. Wait for a quieter time";
  const refusals = [{ at: "2026-11-21T09:32:00.000Z", during: "active green", code: "PRIMARY_LAG", message }];
  const report = conclude(goodFacts({ refusals }));
  expect(report.ok).toBe(true);
  expect(page(report)).toContain(message);
  expect(summary(report)).toContain("refused   active green: PRIMARY_LAG; tried again");
});

test("a rehearsal that ended early says where and why", () => {
  const failure = {
    during: "active blue",
    message:
      "PULUMI_UP: exit code 1:\n  <b>updating</b> error: update failed\n  error: REPL_IO: no stream\n  done",
  };
  const report = conclude(goodFacts({ failure, phases: [], flips: [], judgements: [] }));
  expect(report.ok).toBe(false);
  expect(page(report)).toContain("It ended in active blue.");
  expect(page(report)).toContain("&lt;b&gt;updating&lt;/b&gt;");
  expect(summary(report)).toContain("it failed in active blue: REPL_IO: no stream");
});

test("only what passes by itself is retried", () => {
  const printed = (message: string) =>
    ` ~  pulumi-nodejs:dynamic/wikiferry:Primary migration-primary updating (4s); error: ${message}\nerror: update failed`;
  expect(passingRefusal(printed("WORK_DDL: ALTER TABLE runs. Let it end"))).toEqual({
    code: "WORK_DDL",
    message: "WORK_DDL: ALTER TABLE runs. Let it end",
  });
  for (const code of ["PRIMARY_LAG", "CTRL_LEASE_HELD", "CUTOVER_TIMEOUT"])
    expect(passingRefusal(printed(`${code}: so. Wait`))?.code).toBe(code);
  for (const code of ["VERIFY_MISMATCH", "CTRL_TWO_PRIMARIES", "REPL_ERRANT_GTID"])
    expect(passingRefusal(printed(`${code}: so. Look`))).toBeUndefined();
});

test("what people saw of a pause lasts from the last save confirmed by one side to the first by the other", () => {
  const save = (startedAtMs: number, latencyMs: number, side: string, ok = true) =>
    ({ startedAtMs, latencyMs, kind: "edit", ok, side }) as const;
  const requests = [save(900, 120, "blue"), save(1000, 260, "green"), save(1010, 90, "green", false)];
  expect(confirmedGapMs(timelineOf(requests, 1000), "blue", "green")).toBe(240);
  expect(confirmedGapMs(timelineOf(requests, 1000), "green", "blue")).toBe(-240);
  expect(confirmedGapMs(timelineOf(requests.slice(1), 1000), "blue", "green")).toBeUndefined();
});

test("the summary has at most fifteen lines, whatever went wrong", () => {
  const bad = goodFacts({
    judge: { ...judgeTable({ lost: 1, doubled: 2, altered: 3 }), loggedOut: 4 },
    flips: [0, 1, 2, 3, 4, 5].map((n) => flip(n, 2000)),
    phases: goodFacts()
      .phases.map((phase) => ({ ...phase, unchanged: false }))
      .slice(1),
  });
  const felt = { edits: { beforeMs: 55, afterMs: 80 }, views: { beforeMs: 36, afterMs: 55 } };
  const worst = {
    ...bad,
    flips: bad.flips.map((fact) => ({ ...fact, felt })),
    refusals: [{ at: "2026-11-21T09:31:00Z", during: "active green", code: "PRIMARY_LAG", message: "" }],
  };
  for (const facts of [goodFacts(), bad, worst, goodFacts({ flips: [], phases: [], judgements: [] })])
    expect(summary(conclude(facts)).split("\n").length).toBeLessThanOrEqual(15);
  expect(summary(conclude(goodFacts()))).toMatch(/^OK {2}0 edits lost · longest write pause 74 ms\n/);
  const told = goodFacts({ flips: goodFacts().flips.map((fact) => ({ ...fact, felt })) });
  expect(summary(conclude(told))).toContain(
    "a save took 55 and 80, 55 and 80, 55 and 80 ms, a page 36 and 55, 36 and 55, 36 and 55 ms (medians)",
  );
  expect(page(conclude(told))).toContain("in the ten after it 80\u00a0ms and 55\u00a0ms.");
  expect(summary(conclude(bad))).toMatch(/^NOT OK {2}8 promises broken · 1 edit lost · /);
});

test("rehearsal.json has what its contract names", () => {
  const dir = mkdtempSync(join(tmpdir(), "wikiferry-report-"));
  try {
    core.writeReport(goodFacts(), wikiReport, dir);
    expect(readdirSync(dir).sort()).toEqual(["rehearsal.html", "rehearsal.json"]);
    core.writeReport(goodFacts(), wikiReport, dir, "rehearsal-bullseye");
    expect(readdirSync(dir)).toContain("rehearsal-bullseye.json");
    const json = JSON.parse(readFileSync(join(dir, "rehearsal.json"), "utf8"));
    expect(json).toMatchObject({
      ok: true,
      startedAt: "2026-11-21T09:30:00.000Z",
      machine: expect.any(Object),
      peakMemoryBytes: 187e6,
      judge: {
        edits: { acknowledged: 1312, lost: 0, doubled: 0, altered: 0, failed: 0, maxWaitMs: 412 },
        uploads: { acknowledged: 83, lost: 0, altered: 0, failed: 0 },
        views: { served: 1987, failed: 0, maxMs: 318 },
        loggedOut: 0,
      },
    });
    expect(json.phases[1]).toMatchObject({ name: "prepare", ms: 31_000 });
    expect(json.flips[1]).toMatchObject({ from: "green", to: "blue", writePauseMs: 74 });
    expect(json.flips[1].steps[0]).toEqual({ name: "gate the lag", ms: 5210 });
  } finally {
    rmSync(dir, { recursive: true });
  }
});

test("the page stands alone: no script, no link, no address to fetch", () => {
  const text = page(conclude(goodFacts()));
  expect(text).not.toMatch(/<script|<link|<img|<iframe|@import|url\(|href=|src=|https?:/);
  expect(text).not.toMatch(/NaN|undefined|\[object/);
});

test("foreign names can't become markup", () => {
  const evil = `<script>alert("x")</script>&'`;
  const facts = goodFacts({
    phases: [{ name: evil, ms: 1 }],
    complaints: [{ t: 0, what: "view", title: evil, reason: evil }],
    hosts: [{ host: evil, at: "2026-01-01T00:00:00Z", action: evil }],
    options: { [evil]: evil },
    machine: { cpus: 2, memoryBytes: 1, system: evil },
  });
  const problem = {
    fault: "lost",
    kind: "edit",
    id: "1",
    editor: evil,
    title: evil,
    t: 0,
    detail: evil,
  } as const;
  facts.judgements[0]?.result.problems.push(problem);
  for (const fact of facts.flips) fact.steps.push({ name: evil, ms: 3, inPause: true });
  const text = page(conclude(facts));
  expect(text).not.toContain("<script");
  expect(text).toContain("&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&amp;&#39;");
  fc.assert(fc.property(fc.string(), (s) => !/[<>"']/.test(html`${s}`.text)));
});

test("the page is rendered for an empty rehearsal as well", () => {
  const facts = goodFacts({ flips: [], phases: [], judgements: [], hosts: [], restart: undefined });
  expect(page(conclude(facts))).not.toMatch(/NaN|undefined|Infinity/);
  const quiet = flip(0, 61);
  quiet.timeline = { fromMs: -15_000, toMs: 15_000, requests: [] };
  expect(page(conclude(goodFacts({ flips: [quiet] })))).not.toMatch(/NaN|undefined|Infinity/);
});

test("a timeline has what was under way within 15 s, and knows which writes met the pause", () => {
  const at = (startedAtMs: number, latencyMs: number, kind: "view" | "edit") =>
    ({ startedAtMs, latencyMs, kind, ok: true }) as const;
  const timeline = timelineOf(
    [
      at(100_030, 20, "view"),
      at(99_990, 100, "edit"),
      at(84_000, 1_100, "edit"),
      at(80_000, 10, "edit"),
      at(100_070, 10, "edit"),
    ],
    100_000,
  );
  expect(timeline.requests.map(({ startMs }) => startMs)).toEqual([-16_000, -10, 30, 70]);
  expect(heldWrites(timeline, 60)).toEqual([{ startMs: -10, latencyMs: 100, kind: "edit", ok: true }]);
});

test("the times before and after are those of saves and page views in the 10 s before the pause and after its end", () => {
  const at = (startMs: number, latencyMs: number, kind: "view" | "edit") =>
    ({ startedAtMs: 100_000 + startMs, latencyMs, kind, ok: true }) as const;
  const requests = [
    at(-10_100, 900, "edit"),
    at(-9_000, 50, "edit"),
    at(-5_000, 52, "edit"),
    at(-1, 60, "edit"),
    at(30, 170, "edit"),
    at(60, 80, "edit"),
    at(10_050, 100, "edit"),
    at(10_070, 900, "edit"),
    at(-300, 31.4, "view"),
    at(40, 900, "view"),
    at(500, 40, "view"),
  ];
  const kinds = { edits: "edit", views: "view" };
  expect(feltOf(timelineOf(requests, 100_000), 60, kinds)).toEqual({
    edits: { beforeMs: 52, afterMs: 90 },
    views: { beforeMs: 31, afterMs: 40 },
  });
  expect(feltOf(timelineOf(requests.slice(0, -1), 100_000), 60, kinds)).toBeUndefined();
});

describe("predictions compared with facts", () => {
  const flips = goodFacts().flips;
  const prediction = (ms: number) => ({ ms, terms: [{ name: "start", ms }] });
  const toCopy = {
    rows: 1,
    bytes: 1,
    copyMs: 6_000,
    copy: prediction(6_000),
    catchUp: prediction(700),
    measured: { tables: 60 },
  };

  test("each has its fact, and one without a fact has none", () => {
    const said = new Map<string, Predicted>([
      ["sync", { toCopy, pause: prediction(100) }],
      ["active green", { toCopy: undefined, pause: prediction(110) }],
      ["active blue", { toCopy: undefined, pause: prediction(120) }],
    ]);
    const facts = estimateFacts(said, {
      copy: { copyMs: 5_000, parts: [{ name: "rows", ms: 4_000 }] },
      catchUpMs: 650,
      flips: [
        ["active green", flips[0]],
        ["active blue", undefined],
        ["active green again", flips[2]],
      ],
    });
    expect(facts.map(({ what, predictedMs, actualMs }) => [what, predictedMs, actualMs])).toEqual([
      ["copy", 6_000, 5_000],
      ["catch-up", 700, 650],
      ["write pause, active green", 110, 61],
      ["write pause, active blue", 120, undefined],
    ]);
    expect(facts[0]?.measured).toEqual({ tables: 60 });
    expect(facts[0]?.actualTerms).toEqual([{ name: "rows", ms: 4_000 }]);
    expect(facts[2]?.actualTerms).toEqual(
      flips[0]?.steps.filter(({ inPause }) => inPause).map(({ name, ms }) => ({ name, ms })),
    );
    expect(estimateFacts(new Map(), { copy: { copyMs: 1 }, catchUpMs: undefined, flips: [] })).toEqual([]);
  });

  test("the page and the summary show both", () => {
    const report = conclude(goodFacts());
    const shown = page(report).replace(/\u00a0/g, " ");
    expect(shown).toContain("Predicted, and measured");
    expect(shown).toContain("20 % too long");
    expect(shown).toContain("2 % too short");
    expect(shown).toContain("start 600 ms, tables 5.4 s");
    expect(summary(report)).toContain("copy      5.0 s (preview said 6.0 s)");
    expect(page(conclude(goodFacts({ estimates: undefined })))).not.toContain("Predicted, and measured");
  });
});
