import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openFileStore } from "../../../../engine/control/file/fileStore";
import { HeldLease } from "../../../../engine/control/heldLease";
import type { ControlStore } from "../../../../engine/control/store";
import { silent } from "../../../../engine/progress";
import { describeControlStore } from "../../../support/controlContract";
import { type FileStoreOrder, type FileStoreReport, fileStoreChild } from "../../../support/fileStoreOrder";
import { StoreDirectory } from "../../../support/storeDirectory";

let directory: StoreDirectory;
let store: ControlStore;

function makeDirectory(): void {
  directory = new StoreDirectory();
  store = openFileStore(directory.path);
}

class Child {
  readonly reports: FileStoreReport[] = [];
  readonly exited: Promise<unknown>;
  private readonly process: ChildProcess;
  private waiting: (() => void)[] = [];

  constructor(order: FileStoreOrder) {
    this.process = fork(fileStoreChild, { execArgv: ["--import", "tsx"] });
    this.process.on("message", (report: FileStoreReport) => {
      this.reports.push(report);
      for (const go of this.waiting.splice(0)) go();
    });
    this.exited = once(this.process, "exit").finally(() => {
      for (const go of this.waiting.splice(0)) go();
    });
    this.process.send(order);
  }

  /** Waits until it has reported so often, or has ended. */
  async reportsOf(count: number): Promise<void> {
    while (this.reports.length < count && this.process.exitCode === null && this.process.signalCode === null)
      await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  async kill(): Promise<void> {
    this.process.kill("SIGKILL");
    await this.exited;
  }
}

describe("a store in a directory", () => {
  beforeAll(makeDirectory);
  afterAll(() => directory.remove());
  describeControlStore(() => ({ ours: store, theirs: openFileStore(directory.path) }), {
    otherMove: "CTRL_OTHER_MOVE",
  });

  test("is its owner's alone", async () => {
    expect(statSync(directory.path).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(directory.path))
      expect(statSync(join(directory.path, name)).mode & 0o777).toBe(0o600);
  });
});

describe("one that nobody has written to", () => {
  beforeEach(makeDirectory);
  afterEach(() => directory.remove());

  test("is read, and not made by that", async () => {
    expect(await store.role.read()).toBeUndefined();
    expect(await store.journal.read()).toEqual([]);
    await store.lease.release("anna");
    expect(readdirSync(directory.above)).toEqual([]);
  });

  test("is made once by many that begin at the same time", async () => {
    const stores = Array.from({ length: 8 }, () => openFileStore(directory.path));
    await Promise.all(stores.map((each, n) => each.journal.append({ step: "begin", event: String(n) })));
    const events = (await store.journal.read()).map(({ event }) => event);
    expect(events.sort()).toEqual(["0", "1", "2", "3", "4", "5", "6", "7"]);
    expect(readdirSync(directory.path)).toEqual(["log.1"]);
  });
});

describe("processes that use one store", () => {
  beforeEach(makeDirectory);
  afterEach(() => directory.remove());

  test("and are killed at any point lose nothing that was acknowledged, and leave the next one nothing to mend", async () => {
    let next = 0;
    let kills = 0;
    let generations = 0;
    while (kills < 25) {
      const child = new Child({
        directory: directory.path,
        name: "count",
        compactAfter: 12,
        work: "count",
        from: next,
      });
      await child.reportsOf(1 + (kills % 9));
      // At a point within what it does then, which takes some milliseconds.
      await sleep(Math.random() * 8);
      await child.kill();
      kills++;
      expect(child.reports.filter(({ refused }) => refused)).toEqual([]);
      const acknowledged = child.reports.at(-1)?.done as number;
      const events = (await store.journal.read()).map(({ event }) => Number(event));
      // All in order, none twice, and at most the one that was under way besides.
      expect(events).toEqual(Array.from({ length: events.length }, (_, n) => n));
      expect([acknowledged + 1, acknowledged + 2]).toContain(events.length);
      const count = Number((await store.checkpoints.get("count"))?.state);
      expect([acknowledged, acknowledged + 1]).toContain(count);
      next = events.length;
      generations = directory.generation;
    }
    // The log was written anew under way, again and again.
    expect(generations).toBeGreaterThan(5);
  }, 240_000);

  test("compete for the lease: one at a time has it, and each flip builds on the one before", async () => {
    const times = 12;
    const children = ["anna", "bert", "carl"].map(
      (name) => new Child({ directory: directory.path, name, compactAfter: 20, work: "flip", times }),
    );
    await Promise.all(children.map(({ exited }) => exited));
    const reports = children.flatMap((child) => child.reports);
    expect(reports.filter(({ finished }) => finished)).toHaveLength(3);
    const epochs = reports.flatMap(({ epoch }) => epoch ?? []).sort((a, b) => a - b);
    expect(epochs).toEqual(Array.from({ length: 3 * times }, (_, n) => n + 1));
    expect(await store.role.read()).toMatchObject({ role: "blue", epoch: 3 * times });
    const records = await store.journal.read();
    expect(records).toHaveLength(2 * 3 * times);
    for (let n = 0; n < records.length; n += 2) {
      expect(records.slice(n, n + 2).map(({ event }) => event)).toEqual(["taken", "given back"]);
      expect(records[n + 1]?.host).toBe(records[n]?.host);
    }
    expect(new Set(records.map(({ host }) => host?.split(":")[0])).size).toBe(3);
  });

  test("append at the same time, and every entry is there once, each one's own in order", async () => {
    const times = 60;
    const names = ["anna", "bert", "carl"];
    const children = names.map(
      (name) => new Child({ directory: directory.path, name, compactAfter: 15, work: "journal", times }),
    );
    await Promise.all(children.map(({ exited }) => exited));
    const records = await store.journal.read();
    expect(records).toHaveLength(names.length * times);
    for (const name of names) {
      const own = records.filter(({ step }) => step === name).map(({ event }) => Number(event));
      expect(own).toEqual(Array.from({ length: times }, (_, n) => n));
    }
  });

  test("keep a lease while they live, and leave it to the next run when they are killed", async () => {
    const durationMs = 3_000;
    const child = new Child({
      directory: directory.path,
      name: "anna",
      compactAfter: 100,
      work: "hold",
      durationMs,
    });
    await child.reportsOf(1);
    const next = { holder: "next", purpose: "go on", durationMs };
    await expect(HeldLease.take([store.lease], next, silent)).rejects.toMatchObject({
      code: "CTRL_LEASE_HELD",
    });
    await child.kill();
    const held = await HeldLease.take([store.lease], next, silent);
    expect(await store.lease.read()).toMatchObject({ holder: "next" });
    await held.fix("to green", 1);
    expect(await store.lease.read()).toMatchObject({ purpose: "to green", epoch: 1 });
    await held.release();
    await expect(held.fix("to green", 1)).rejects.toMatchObject({ code: "CTRL_LEASE_LOST" });
  });
});
