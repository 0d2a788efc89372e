import type { ControlStore, LeaseWish } from "../../engine/control/store";
import { until } from "./until";

/** A store and the same one as another run sees it. */
export interface TwoRuns {
  ours: ControlStore;
  theirs: ControlStore;
}

/**
 * What every control store promises. The tests build on each other, in order.
 * @param open The store, empty, of a move called `testwiki` whose primary is blue.
 * @param codes.otherMove Of a store that serves another move.
 */
export function describeControlStore(open: () => TwoRuns, codes: { otherMove: string }): void {
  const wish = (holder: string, changes: Partial<LeaseWish> = {}): LeaseWish => ({
    holder,
    purpose: "test",
    epoch: 0,
    durationMs: 60_000,
    ...changes,
  });
  const lost = { code: "CTRL_LEASE_LOST" };
  const refused = { code: "CTRL_COMMIT_REFUSED" };

  describe("a lease", () => {
    test("is nobody's at first, and there is none to renew", async () => {
      const { lease } = open().ours;
      expect(await lease.read()).toBeUndefined();
      await expect(lease.renew("anna", 1_000)).rejects.toMatchObject(lost);
      await lease.release("anna");
      expect(await lease.read()).toBeUndefined();
    });

    test("is one run's, which may prolong it; another is told whose it is", async () => {
      const { ours, theirs } = open();
      expect(await ours.lease.take(wish("anna", { purpose: "flip" }))).toBeUndefined();
      const other = await theirs.lease.take(wish("bert"));
      expect(other).toMatchObject({ holder: "anna", purpose: "flip", epoch: 0 });
      expect(other?.leftMs).toBeGreaterThan(50_000);
      expect(other?.leftMs).toBeLessThanOrEqual(60_000);
      expect(await ours.lease.take(wish("anna", { durationMs: 90_000 }))).toBeUndefined();
      expect((await theirs.lease.read())?.leftMs).toBeGreaterThan(60_000);
    });

    test("keeps its purpose and epoch when it is renewed, or takes new ones", async () => {
      const { lease } = open().ours;
      expect(await lease.take(wish("anna", { purpose: "flip", epoch: 4 }))).toBeUndefined();
      await lease.renew("anna", 70_000);
      expect(await lease.read()).toMatchObject({ purpose: "flip", epoch: 4 });
      await lease.renew("anna", 70_000, { purpose: "to green", epoch: 5 });
      expect(await lease.read()).toMatchObject({ purpose: "to green", epoch: 5 });
    });

    test("of one run is neither renewed nor ended by another", async () => {
      const { ours, theirs } = open();
      expect(await ours.lease.take(wish("anna"))).toBeUndefined();
      await expect(theirs.lease.renew("bert", 1_000)).rejects.toMatchObject(lost);
      await theirs.lease.release("bert");
      expect(await theirs.lease.read()).toMatchObject({ holder: "anna" });
      expect((await theirs.lease.read())?.leftMs).toBeGreaterThan(0);
      await ours.lease.release("anna");
    });

    test("once given back is the next one's, and lost to the first", async () => {
      const { ours, theirs } = open();
      expect(await ours.lease.take(wish("anna"))).toBeUndefined();
      await ours.lease.release("anna");
      expect((await ours.lease.read())?.leftMs).toBeLessThanOrEqual(0);
      await expect(ours.lease.renew("anna", 1_000)).rejects.toMatchObject(lost);
      expect(await theirs.lease.take(wish("bert"))).toBeUndefined();
      await expect(ours.lease.renew("anna", 1_000)).rejects.toThrow("went to bert");
      await theirs.lease.release("bert");
    });

    test("ends by itself, also for its holder", async () => {
      const { ours, theirs } = open();
      expect(await ours.lease.take(wish("anna", { durationMs: 300 }))).toBeUndefined();
      expect(await theirs.lease.take(wish("bert"))).toMatchObject({ holder: "anna" });
      await until("the end of the lease", async () => ((await ours.lease.read())?.leftMs ?? 1) <= 0);
      await expect(ours.lease.renew("anna", 1_000)).rejects.toMatchObject(lost);
      expect(await theirs.lease.take(wish("bert"))).toBeUndefined();
      await theirs.lease.release("bert");
    });

    test("that two ask for at once is one's", async () => {
      const { ours, theirs } = open();
      const answers = await Promise.all([ours.lease.take(wish("anna")), theirs.lease.take(wish("bert"))]);
      expect(answers.filter((answer) => answer === undefined)).toHaveLength(1);
      const holder = answers[0] === undefined ? "anna" : "bert";
      expect(answers.find((answer) => answer !== undefined)).toMatchObject({ holder });
      await ours.lease.release(holder);
    });
  });

  describe("the record of who is primary", () => {
    test("is written once", async () => {
      const { ours, theirs } = open();
      expect(await ours.role.read()).toBeUndefined();
      const first = await ours.role.init({ name: "testwiki", role: "blue" });
      expect(first).toMatchObject({ name: "testwiki", role: "blue", epoch: 0 });
      expect(first.changedAt).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}$/);
      expect(await theirs.role.init({ name: "testwiki", role: "green" })).toEqual(first);
      await expect(theirs.role.init({ name: "another", role: "blue" })).rejects.toMatchObject({
        code: codes.otherMove,
      });
      expect(await theirs.role.read()).toEqual(first);
    });

    test.each<[string, Partial<LeaseWish> | undefined, { role: "blue" | "green"; epoch: number }]>([
      ["without a lease", undefined, { role: "blue", epoch: 0 }],
      ["with another's lease", { holder: "bert", epoch: 1 }, { role: "blue", epoch: 0 }],
      ["with a lease for no epoch", { epoch: 0 }, { role: "blue", epoch: 0 }],
      ["with a lease for a later epoch", { epoch: 2 }, { role: "blue", epoch: 0 }],
      ["from another epoch than it has", { epoch: 2 }, { role: "blue", epoch: 1 }],
      ["from another side than it names", { epoch: 1 }, { role: "green", epoch: 0 }],
    ])("is not changed %s", async (_case, lease, expected) => {
      const { ours } = open();
      const before = await ours.role.read();
      if (lease) expect(await ours.lease.take(wish("anna", lease))).toBeUndefined();
      await expect(ours.role.commit(expected, { role: "green", holder: "anna" })).rejects.toMatchObject(
        refused,
      );
      await ours.lease.release(lease?.holder ?? "anna");
      expect(await ours.role.read()).toEqual(before);
    });

    test("is not changed once the lease has ended", async () => {
      const { ours } = open();
      const before = await ours.role.read();
      const commit = () => ours.role.commit({ role: "blue", epoch: 0 }, { role: "green", holder: "anna" });
      expect(await ours.lease.take(wish("anna", { epoch: 1, durationMs: 100 }))).toBeUndefined();
      await until("the end of the lease", async () => ((await ours.lease.read())?.leftMs ?? 1) <= 0);
      await expect(commit()).rejects.toMatchObject(refused);
      expect(await ours.lease.take(wish("anna", { epoch: 1 }))).toBeUndefined();
      await ours.lease.release("anna");
      await expect(commit()).rejects.toMatchObject(refused);
      expect(await ours.role.read()).toEqual(before);
    });

    test("is changed once, under the lease for the next epoch", async () => {
      const { ours, theirs } = open();
      expect(await ours.lease.take(wish("anna"))).toBeUndefined();
      await ours.lease.renew("anna", 60_000, { purpose: "to green", epoch: 1 });
      const commit = () => ours.role.commit({ role: "blue", epoch: 0 }, { role: "green", holder: "anna" });
      const after = await commit();
      expect(after).toMatchObject({ name: "testwiki", role: "green", epoch: 1 });
      expect(await theirs.role.read()).toEqual(after);
      await expect(commit()).rejects.toMatchObject(refused);
      expect(await theirs.role.read()).toEqual(after);
      await ours.lease.release("anna");
    });
  });

  describe("a checkpoint", () => {
    test("is kept under its name until the next", async () => {
      const { ours, theirs } = open();
      expect(await ours.checkpoints.get("copy")).toBeUndefined();
      await ours.checkpoints.set("copy", { state: "copying" });
      expect(await theirs.checkpoints.get("copy")).toMatchObject({
        state: "copying",
        position: "",
        detail: {},
      });
      const detail = { files: 3, first: 'Ä "quoted"\n.png', parts: [{ ms: 1.5 }], none: null };
      await ours.checkpoints.set("copy", { state: "copied", position: "0-1-7", detail });
      await ours.checkpoints.set("other", { state: "begun" });
      const found = await theirs.checkpoints.get("copy");
      expect(found).toMatchObject({ state: "copied", position: "0-1-7", detail });
      expect(found?.updatedAt).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}$/);
      expect(await theirs.checkpoints.get("other")).toMatchObject({ state: "begun" });
    });
  });

  describe("the journal", () => {
    test("tells what happened, in order, whoever wrote it", async () => {
      const { ours, theirs } = open();
      expect(await ours.journal.read()).toEqual([]);
      await ours.journal.append({ step: "copy", event: "begun" });
      const detail = { files: 40, name: "Ünïcode 📷" };
      await theirs.journal.append({
        step: "copy",
        side: "green",
        host: "a.example.org",
        event: "ended",
        detail,
      });
      await ours.journal.append({ step: "flip", side: "blue", event: "fenced" });
      const records = await theirs.journal.read();
      expect(records).toMatchObject([
        { step: "copy", event: "begun" },
        { step: "copy", side: "green", host: "a.example.org", event: "ended", detail },
        { step: "flip", side: "blue", event: "fenced" },
      ]);
      for (const { at } of records) expect(at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3,6}Z$/);
    });
  });
}
