import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openFileStore } from "../../../engine/control/file/fileStore";
import { encode, start } from "../../../engine/control/file/log";
import { HeldLease } from "../../../engine/control/heldLease";
import type { ControlStore } from "../../../engine/control/store";
import { silent } from "../../../engine/progress";
import { describeControlStore } from "../../support/controlContract";
import type { FileStoreOrder, FileStoreReport } from "../../support/fileStoreChild";

const childFile = join(__dirname, "../../support/fileStoreChild.ts");
let directory: string;
let store: ControlStore;

function freshDirectory(): void {
  directory = join(mkdtempSync(join(tmpdir(), "wikiferry-store-")), "control");
  store = openFileStore(directory);
}

function removeDirectory(): void {
  rmSync(join(directory, ".."), { recursive: true });
}

function newest(): string {
  const numbers = readdirSync(directory).flatMap((name) => /^log\.(\d+)$/.exec(name)?.[1] ?? []);
  return join(directory, `log.${Math.max(...numbers.map(Number))}`);
}

class Child {
  readonly reports: FileStoreReport[] = [];
  readonly exited: Promise<unknown>;
  private readonly process: ChildProcess;
  private waiting: (() => void)[] = [];

  constructor(order: FileStoreOrder) {
    this.process = fork(childFile, { execArgv: ["--import", "tsx"] });
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
  beforeAll(freshDirectory);
  afterAll(removeDirectory);
  describeControlStore(() => ({ ours: store, theirs: openFileStore(directory) }), {
    otherMove: "CTRL_OTHER_MOVE",
  });

  test("is its owner's alone", async () => {
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(directory))
      expect(statSync(join(directory, name)).mode & 0o777).toBe(0o600);
  });
});

describe("one that nobody has written to", () => {
  beforeEach(freshDirectory);
  afterEach(removeDirectory);

  test("is read, and not made by that", async () => {
    expect(await store.role.read()).toBeUndefined();
    expect(await store.journal.read()).toEqual([]);
    await store.lease.release("anna");
    expect(readdirSync(join(directory, ".."))).toEqual([]);
  });

  test("is made once by many that begin at the same time", async () => {
    const stores = Array.from({ length: 8 }, () => openFileStore(directory));
    await Promise.all(stores.map((each, n) => each.journal.append({ step: "begin", event: String(n) })));
    const events = (await store.journal.read()).map(({ event }) => event);
    expect(events.sort()).toEqual(["0", "1", "2", "3", "4", "5", "6", "7"]);
    expect(readdirSync(directory)).toEqual(["log.1"]);
  });
});

describe("processes that use one store", () => {
  beforeEach(freshDirectory);
  afterEach(removeDirectory);

  test("and are killed at any point lose nothing that was acknowledged, and leave the next one nothing to mend", async () => {
    let next = 0;
    let kills = 0;
    let generations = 0;
    while (kills < 25) {
      const child = new Child({ directory, name: "count", compactAfter: 12, work: "count", from: next });
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
      generations = Number(/\d+$/.exec(newest())?.[0]);
    }
    // The log was written anew under way, again and again.
    expect(generations).toBeGreaterThan(5);
  }, 240_000);

  test("compete for the lease: one at a time has it, and each flip builds on the one before", async () => {
    const times = 12;
    const children = ["anna", "bert", "carl"].map(
      (name) => new Child({ directory, name, compactAfter: 20, work: "flip", times }),
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
      (name) => new Child({ directory, name, compactAfter: 15, work: "journal", times }),
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
    const child = new Child({ directory, name: "anna", compactAfter: 100, work: "hold", durationMs });
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

describe("a store that was damaged", () => {
  beforeEach(async () => {
    freshDirectory();
    for (let n = 0; n < 5; n++) await store.journal.append({ step: "count", event: String(n) });
  });
  afterEach(removeDirectory);

  const events = async () => (await openFileStore(directory).journal.read()).map(({ event }) => event);

  test("by a write that was torn goes on with the record before it", async () => {
    const whole = readFileSync(newest());
    const last = whole.lastIndexOf(" \n");
    for (const length of [whole.length - 1, whole.length - 40, last + 1, last]) {
      writeFileSync(newest(), whole);
      truncateSync(newest(), length);
      expect(await events()).toEqual(["0", "1", "2", "3"]);
      await openFileStore(directory).journal.append({ step: "count", event: "again" });
      expect(await events()).toEqual(["0", "1", "2", "3", "again"]);
    }
  });

  test("by zeros that a power failure left at its end goes on with what was acknowledged", async () => {
    appendFileSync(newest(), Buffer.alloc(4_096));
    expect(await events()).toEqual(["0", "1", "2", "3", "4"]);
    await openFileStore(directory).journal.append({ step: "count", event: "5" });
    expect(await events()).toEqual(["0", "1", "2", "3", "4", "5"]);
  });

  test("by the loss of all that it held is refused, as is one of a later version", async () => {
    const refused = { code: "CTRL_STORE_CORRUPT" };
    truncateSync(newest(), 0);
    await expect(events()).rejects.toMatchObject(refused);
    await expect(openFileStore(directory).journal.append({ step: "a", event: "b" })).rejects.toMatchObject(
      refused,
    );
    expect(statSync(newest()).size).toBe(0);
    writeFileSync(newest(), encode(start, { id: "0", kind: "begin", version: 2 }).bytes);
    await expect(events()).rejects.toThrow("has the format 2, wanted 1");
  });

  test.each([
    ["in the middle", '"event":"2"'],
    ["in its last record", '"event":"4"'],
  ])("%s is refused by readers and writers, and stays as it is", async (_where, what) => {
    const damaged = readFileSync(newest(), "utf8").replace(what, '"event":"9"');
    writeFileSync(newest(), damaged);
    const refused = { code: "CTRL_STORE_CORRUPT" };
    const other = openFileStore(directory);
    await expect(other.journal.read()).rejects.toMatchObject(refused);
    await expect(other.role.read()).rejects.toMatchObject(refused);
    await expect(other.journal.append({ step: "count", event: "5" })).rejects.toMatchObject(refused);
    await expect(
      other.lease.take({ holder: "anna", purpose: "flip", epoch: 0, durationMs: 1_000 }),
    ).rejects.toMatchObject(refused);
    expect(readFileSync(newest(), "utf8")).toBe(damaged);
  });
});

describe("a disk that takes no more", () => {
  beforeEach(freshDirectory);
  afterEach(removeDirectory);

  /** Runs the child where no file may grow beyond `kib`: a write that reaches it is taken in part. */
  async function limited(kib: number, order: FileStoreOrder): Promise<FileStoreReport[]> {
    const command = `ulimit -f ${kib} && exec "$0" --import tsx "$1"`;
    const child = spawn("bash", ["-c", command, process.execPath, childFile], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    const reports: FileStoreReport[] = [];
    child.on("message", (report: FileStoreReport) => reports.push(report));
    child.send(order);
    await once(child, "exit");
    return reports;
  }

  test("refuses the write, keeps what was acknowledged, and goes on once it takes more", async () => {
    const order = { directory, name: "count", work: "count", from: 0 } as const;
    const reports = await limited(8, { ...order, compactAfter: 10_000 });
    const acknowledged = reports.filter(({ done }) => done !== undefined).length;
    expect(acknowledged).toBeGreaterThan(5);
    expect(reports.at(-1)?.refused).toMatch(/CTRL_STORE_WRITE: .* could not be written to/);
    // The last write was taken in part.
    expect(statSync(newest()).size).toBe(8 * 1024);
    const before = (await store.journal.read()).map(({ event }) => Number(event));
    expect(before.slice(0, acknowledged)).toEqual(Array.from({ length: acknowledged }, (_, n) => n));
    expect(before.length - acknowledged).toBeLessThanOrEqual(1);
    await store.journal.append({ step: "count", event: "after" });
    const after = (await openFileStore(directory).journal.read()).map(({ event }) => event);
    expect(after).toEqual([...before.map(String), "after"]);
  });

  test("refuses it also where the log is written anew under way", async () => {
    const order = { directory, name: "count", work: "count", from: 0 } as const;
    // The journal is never left behind, so the next log is full in the end as well.
    const reports = await limited(8, { ...order, compactAfter: 3 });
    expect(reports.at(-1)?.refused).toMatch(/CTRL_STORE_WRITE/);
    const acknowledged = reports.filter(({ done }) => done !== undefined).length;
    const events = (await store.journal.read()).map(({ event }) => Number(event));
    expect(events.slice(0, acknowledged)).toEqual(Array.from({ length: acknowledged }, (_, n) => n));
    await store.journal.append({ step: "count", event: "after" });
    expect((await store.journal.read()).at(-1)?.event).toBe("after");
  });
});
