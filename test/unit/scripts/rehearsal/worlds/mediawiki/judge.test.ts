import fc from "fast-check";
import { table } from "../../../../../../scripts/rehearsal/worlds/mediawiki/judge";
import {
  compare,
  type Problem,
  type Served,
} from "../../../../../../scripts/rehearsal/worlds/mediawiki/judge/compare";
import type { Change, HistoryEntry } from "../../../../../../scripts/rehearsal/worlds/mediawiki/load/history";
import { noFigures } from "../../../../../../scripts/rehearsal/worlds/mediawiki/load/tally";

type Step = { kind: "edit" | "create" | "move" | "upload"; pick: number; answered: boolean };

const steps = fc.array(
  fc.record<Step>({
    kind: fc.constantFrom("edit", "create", "move", "upload"),
    pick: fc.nat(),
    answered: fc.boolean(),
  }),
  { minLength: 1, maxLength: 40 },
);

/** A history, and a wiki that serves exactly that. An unanswered change was carried out. */
function play(plan: Step[]): { changes: Change[]; served: Served } {
  const served: Served = { revisions: new Map(), carriers: new Map(), pages: new Map(), files: new Map() };
  const changes: Change[] = [];
  let revid = 100;
  plan.forEach(({ kind, pick, answered }, n) => {
    const id = `wf-x-0-${n}`;
    const status = answered ? ("ok" as const) : ("unknown" as const);
    const base = { t: n, editor: "Editor1", id, latencyMs: 10, status };
    if (kind === "upload") {
      const [title, sha1] = [`File:F ${n}.png`, `file-${n}`];
      served.files.set(title, [{ id, sha1, bytesSha1: sha1 }]);
      changes.push({ ...base, kind, title, sha1 });
      return;
    }
    const pages = [...served.pages.keys()];
    const fresh = kind === "create" || pages.length === 0;
    const pageid = fresh ? pages.length + 1 : (pages[pick % pages.length] as number);
    revid++;
    served.carriers.set(id, [{ revid, pageid }]);
    if (kind === "move" && !fresh) {
      const [from, title] = [served.pages.get(pageid)?.title ?? "", `Moved ${n}`];
      served.pages.set(pageid, { title, lastrevid: revid });
      changes.push({ ...base, kind, pageid, from, title });
      return;
    }
    const title = served.pages.get(pageid)?.title ?? `Page ${pageid}`;
    const textSha1 = `text-${n}`;
    served.pages.set(pageid, { title, lastrevid: revid });
    served.revisions.set(revid, { revid, pageid, sha1: textSha1, textSha1 });
    const known = answered ? { pageid, revid } : {};
    changes.push({ ...base, kind: fresh ? "create" : "edit", title, textSha1, ...known });
  });
  return { changes, served };
}

/** Plays a plan, breaks one acknowledged change of these kinds, and expects exactly this fault there. */
function finds(
  fault: Problem["fault"],
  kinds: Change["kind"][],
  damage: (served: Served, broken: Change) => void,
) {
  fc.assert(
    fc.property(steps, fc.nat(), (plan, pick) => {
      const { changes, served } = play(plan);
      const candidates = changes.filter((change) => change.status === "ok" && kinds.includes(change.kind));
      const broken = candidates[pick % candidates.length];
      fc.pre(broken !== undefined);
      damage(served, broken as Change);
      const { problems } = compare(changes, served);
      expect(problems.filter(({ id }) => id === broken?.id).map((problem) => problem.fault)).toContain(fault);
    }),
  );
}

const editOf = (change: Change) => change as Extract<Change, { kind: "edit" | "create" }>;

test("a wiki that serves what was acknowledged has no problems", () => {
  fc.assert(
    fc.property(steps, (plan) => {
      const { changes, served } = play(plan);
      // An unanswered edit has no page id, so a page known only from unanswered edits is not judged by title.
      expect(compare(changes, served).problems).toEqual([]);
    }),
  );
});

test("a lost edit is found", () => {
  finds("lost", ["edit", "create"], (served, change) => {
    served.revisions.delete(editOf(change).revid as number);
    served.carriers.delete(change.id);
  });
});

test("an edit whose revision number went to another edit is lost", () => {
  finds("lost", ["edit", "create"], (served, change) => {
    const revid = editOf(change).revid as number;
    served.carriers.delete(change.id);
    served.revisions.set(revid, { revid, pageid: 1, sha1: "other", textSha1: "other" });
  });
});

test("an edit that readers don't see, because the page shows an older revision, is lost", () => {
  const { changes, served } = play([{ kind: "create", pick: 0, answered: true }]);
  served.pages.set(1, { title: "Page 1", lastrevid: 7 });
  expect(compare(changes, served).problems).toMatchObject([{ fault: "lost", id: "wf-x-0-0" }]);
});

test("a doubled edit or move is found", () => {
  finds("doubled", ["edit", "create", "move"], (served, change) => {
    const [carrier] = served.carriers.get(change.id) ?? [];
    served.carriers.set(change.id, [carrier, { revid: 9999, pageid: carrier?.pageid }] as never);
  });
});

test("an altered text is found, in the text itself and in the recorded hash", () => {
  for (const field of ["sha1", "textSha1"] as const)
    finds("altered", ["edit", "create"], (served, change) => {
      const revid = editOf(change).revid as number;
      const revision = served.revisions.get(revid);
      if (revision) served.revisions.set(revid, { ...revision, [field]: "other" });
    });
});

test("an edit under another revision number, or on another page, is altered", () => {
  finds("altered", ["edit", "create"], (served, change) => {
    served.carriers.set(change.id, [{ revid: 9999, pageid: 1 }]);
  });
  finds("altered", ["edit", "create"], (served, change) => {
    const revid = editOf(change).revid as number;
    const revision = served.revisions.get(revid);
    if (revision) served.revisions.set(revid, { ...revision, pageid: 9999 });
  });
});

test("a lost move is found", () => {
  finds("lost", ["move"], (served, change) => served.carriers.delete(change.id));
});

test("lost, altered, doubled and missing uploads are found", () => {
  finds("lost", ["upload"], (served, { title }) => served.files.delete(title));
  finds("lost", ["upload"], (served, { title, id }) =>
    served.files.set(title, [{ id, sha1: `file-${id.split("-")[3]}` }]),
  );
  finds("doubled", ["upload"], (served, { title }) => {
    const versions = served.files.get(title) ?? [];
    served.files.set(title, [...versions, ...versions]);
  });
  for (const field of ["sha1", "bytesSha1"] as const)
    finds("altered", ["upload"], (served, { title }) => {
      served.files.set(
        title,
        (served.files.get(title) ?? []).map((version) => ({ ...version, [field]: "other" })),
      );
    });
});

test("a page under a wrong name is altered, unless a move made meanwhile gave it that name", () => {
  const { changes, served } = play([
    { kind: "create", pick: 0, answered: true },
    { kind: "move", pick: 0, answered: true },
    { kind: "move", pick: 0, answered: true },
  ]);
  const before = changes.slice(0, 2);
  expect(compare(before, served, changes.slice(2)).problems).toEqual([]);
  expect(compare(before, served).problems).toMatchObject([{ fault: "altered", mayBeRace: true }]);
});

test("an unanswered change is judged by what the wiki serves: present is fine, absent is failed and not lost", () => {
  const { changes, served } = play([
    { kind: "create", pick: 0, answered: false },
    { kind: "upload", pick: 0, answered: false },
  ]);
  expect(compare(changes, served)).toEqual({ problems: [], unknown: { found: changes, absent: [] } });
  served.carriers.clear();
  served.files.clear();
  const comparison = compare(changes, served);
  expect(comparison).toEqual({ problems: [], unknown: { found: [], absent: changes } });
  const judged = table(changes, comparison);
  expect([judged.edits.failed, judged.uploads.failed]).toEqual([1, 1]);
});

test("the table counts failures from the mark on and acknowledged edits from the start", () => {
  const edit = (n: number, status: "ok" | "failed", latencyMs: number): HistoryEntry => ({
    t: n,
    kind: "edit",
    editor: "Editor1",
    id: `wf-x-0-${n}`,
    title: "A",
    textSha1: "a",
    status,
    latencyMs,
  });
  const history: HistoryEntry[] = [
    { kind: "start", t: 0, run: "x", serverTime: "2026-01-01T00:00:00Z" },
    edit(1, "ok", 900),
    edit(2, "failed", 5000),
    { kind: "loggedOut", t: 3, editor: "Editor1", code: "badtoken" },
    { kind: "mark", t: 4, name: "judged" },
    edit(5, "ok", 70),
    edit(6, "failed", 20),
  ];
  const problem = { kind: "edit", editor: "", title: "", t: 0, detail: "" } as const;
  const comparison = {
    problems: [
      { ...problem, fault: "lost" as const, id: "wf-x-0-1" },
      { ...problem, fault: "altered" as const, id: "wf-x-0-5" },
    ],
    unknown: { found: [], absent: [] },
  };
  const figures = { ...noFigures(), views: { served: 40, failed: 1, maxMs: 88 } };
  expect(table(history, comparison, { sinceMark: "judged", figures })).toEqual({
    edits: { acknowledged: 2, lost: 1, doubled: 0, altered: 1, failed: 1, maxWaitMs: 70 },
    uploads: { acknowledged: 0, lost: 0, doubled: 0, altered: 0, failed: 0, maxWaitMs: 0 },
    views: { served: 40, failed: 1, maxMs: 88 },
    loggedOut: 0,
  });
  expect(() => table(history, comparison, { sinceMark: "nowhere" })).toThrow("JUDGE_MARK");
});
