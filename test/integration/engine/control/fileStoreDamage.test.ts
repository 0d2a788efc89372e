import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { openFileStore } from "../../../../engine/control/file/fileStore";
import { decode, encode, start } from "../../../../engine/control/file/log";
import type { ControlStore } from "../../../../engine/control/store";
import { type FileStoreOrder, type FileStoreReport, fileStoreChild } from "../../../support/fileStoreOrder";
import { StoreDirectory } from "../../../support/storeDirectory";

let directory: StoreDirectory;
let store: ControlStore;

function makeDirectory(): void {
  directory = new StoreDirectory();
  store = openFileStore(directory.path);
}

describe("a store that was damaged", () => {
  beforeEach(async () => {
    makeDirectory();
    for (let n = 0; n < 5; n++) await store.journal.append({ step: "count", event: String(n) });
  });
  afterEach(() => directory.remove());

  const events = async () => (await openFileStore(directory.path).journal.read()).map(({ event }) => event);

  test("by a write that was torn goes on with the record before it", async () => {
    const whole = readFileSync(directory.newest);
    const last = whole.lastIndexOf(" \n");
    for (const length of [whole.length - 1, whole.length - 40, last + 1, last]) {
      writeFileSync(directory.newest, whole);
      truncateSync(directory.newest, length);
      expect(await events()).toEqual(["0", "1", "2", "3"]);
      await openFileStore(directory.path).journal.append({ step: "count", event: "again" });
      expect(await events()).toEqual(["0", "1", "2", "3", "again"]);
    }
  });

  test("by zeros that a power failure left at its end goes on with what was acknowledged", async () => {
    appendFileSync(directory.newest, Buffer.alloc(4_096));
    expect(await events()).toEqual(["0", "1", "2", "3", "4"]);
    await openFileStore(directory.path).journal.append({ step: "count", event: "5" });
    expect(await events()).toEqual(["0", "1", "2", "3", "4", "5"]);
  });

  test("by the loss of all that it held is refused, as is one of a later version", async () => {
    const refused = { code: "CTRL_STORE_CORRUPT" };
    truncateSync(directory.newest, 0);
    await expect(events()).rejects.toMatchObject(refused);
    await expect(
      openFileStore(directory.path).journal.append({ step: "a", event: "b" }),
    ).rejects.toMatchObject(refused);
    expect(statSync(directory.newest).size).toBe(0);
    writeFileSync(directory.newest, encode(start, { id: "0", kind: "begin", version: 2 }).bytes);
    await expect(events()).rejects.toThrow("has the format 2, wanted 1");
  });

  test.each([
    ["in the middle", '"event":"2"'],
    ["in its last record", '"event":"4"'],
  ])("%s is refused by readers and writers, and stays as it is", async (_where, what) => {
    const damaged = readFileSync(directory.newest, "utf8").replace(what, '"event":"9"');
    writeFileSync(directory.newest, damaged);
    const refused = { code: "CTRL_STORE_CORRUPT" };
    const other = openFileStore(directory.path);
    await expect(other.journal.read()).rejects.toMatchObject(refused);
    await expect(other.role.read()).rejects.toMatchObject(refused);
    await expect(other.journal.append({ step: "count", event: "5" })).rejects.toMatchObject(refused);
    await expect(
      other.lease.take({ holder: "anna", purpose: "flip", epoch: 0, durationMs: 1_000 }),
    ).rejects.toMatchObject(refused);
    expect(readFileSync(directory.newest, "utf8")).toBe(damaged);
  });
});

describe("a log that is written anew", () => {
  beforeEach(makeDirectory);
  afterEach(() => directory.remove());

  const append = async (each: ControlStore, from: number, to: number) => {
    for (let n = from; n <= to; n++) await each.checkpoints.set("copy", { state: String(n) });
  };

  test("keeps all that counts, and leaves one file", async () => {
    const other = openFileStore(directory.path, { compactAfter: 4 });
    await other.role.init({ name: "files", role: "green" });
    await other.journal.append({ step: "copy", event: "begun" });
    await append(other, 1, 30);
    expect(readdirSync(directory.path)).toHaveLength(1);
    expect(directory.generation).toBeGreaterThan(4);
    expect(await store.role.read()).toMatchObject({ name: "files", role: "green", epoch: 0 });
    expect(await store.journal.read()).toMatchObject([{ step: "copy", event: "begun" }]);
    expect(await store.checkpoints.get("copy")).toMatchObject({ state: "30" });
  });

  test("goes on in the long one where there is no space for the short one", async () => {
    const other = openFileStore(directory.path, { compactAfter: 4 });
    await append(other, 1, 3);
    const handle = await open(directory.newest, "r");
    const full = jest
      .spyOn(Object.getPrototypeOf(handle) as FileHandle, "writeFile")
      .mockRejectedValue(new Error("ENOSPC: no space left on device, write"));
    try {
      await append(other, 4, 12);
      expect(readdirSync(directory.path)).toEqual(["log.1"]);
    } finally {
      full.mockRestore();
      await handle.close();
    }
    await append(other, 13, 13);
    expect(readdirSync(directory.path)).toEqual(["log.2"]);
    expect(await store.checkpoints.get("copy")).toMatchObject({ state: "13" });
  });

  test("is finished by the next writer where one was killed in between, and read meanwhile", async () => {
    await append(store, 1, 3);
    const { head } = decode(readFileSync(directory.newest), "log.1");
    appendFileSync(directory.newest, encode(head, { id: "0", kind: "end" }).bytes);
    writeFileSync(join(directory.path, "new.0123456789abcdef"), "unfinished");
    expect(await store.checkpoints.get("copy")).toMatchObject({ state: "3" });
    await Promise.all([
      append(openFileStore(directory.path), 4, 4),
      store.journal.append({ step: "a", event: "b" }),
    ]);
    expect(readdirSync(directory.path)).toEqual(["log.2"]);
    expect(await store.checkpoints.get("copy")).toMatchObject({ state: "4" });
    expect(await store.journal.read()).toMatchObject([{ step: "a", event: "b" }]);
  });
});

describe("a disk that takes no more", () => {
  beforeEach(makeDirectory);
  afterEach(() => directory.remove());

  /** Runs the child where no file may grow beyond `kib`: a write that reaches it is taken in part. */
  async function limited(kib: number, order: FileStoreOrder): Promise<FileStoreReport[]> {
    const command = `ulimit -f ${kib} && exec "$0" --import tsx "$1"`;
    const child = spawn("bash", ["-c", command, process.execPath, fileStoreChild], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    const reports: FileStoreReport[] = [];
    child.on("message", (report: FileStoreReport) => reports.push(report));
    child.send(order);
    await once(child, "exit");
    return reports;
  }

  test("acknowledges nothing that it could not flush", async () => {
    await store.journal.append({ step: "count", event: "0" });
    const handle = await open(directory.newest, "r");
    const failing = jest
      .spyOn(Object.getPrototypeOf(handle) as FileHandle, "sync")
      .mockRejectedValue(new Error("EIO: i/o error, fsync"));
    try {
      const refused = { code: "CTRL_STORE_WRITE", found: expect.stringContaining("EIO") };
      await expect(store.journal.append({ step: "count", event: "1" })).rejects.toMatchObject(refused);
      // Nor is a new store, whose first log is put in place only once it is on disk.
      const other = join(directory.above, "other");
      await expect(openFileStore(other).role.init({ name: "other", role: "blue" })).rejects.toMatchObject(
        refused,
      );
      expect(readdirSync(other)).toEqual([]);
    } finally {
      failing.mockRestore();
      await handle.close();
    }
    await store.journal.append({ step: "count", event: "2" });
    expect((await store.journal.read()).at(-1)?.event).toBe("2");
  });

  test("refuses the write, keeps what was acknowledged, and goes on once it takes more", async () => {
    const order = { directory: directory.path, name: "count", work: "count", from: 0 } as const;
    const reports = await limited(8, { ...order, compactAfter: 10_000 });
    const acknowledged = reports.filter(({ done }) => done !== undefined).length;
    expect(acknowledged).toBeGreaterThan(5);
    expect(reports.at(-1)?.refused).toMatch(/CTRL_STORE_WRITE: .* could not be written to/);
    // The last write was taken in part.
    expect(statSync(directory.newest).size).toBe(8 * 1024);
    const before = (await store.journal.read()).map(({ event }) => Number(event));
    expect(before.slice(0, acknowledged)).toEqual(Array.from({ length: acknowledged }, (_, n) => n));
    expect(before.length - acknowledged).toBeLessThanOrEqual(1);
    await store.journal.append({ step: "count", event: "after" });
    const after = (await openFileStore(directory.path).journal.read()).map(({ event }) => event);
    expect(after).toEqual([...before.map(String), "after"]);
  });

  test("refuses it also where the log is written anew under way", async () => {
    const order = { directory: directory.path, name: "count", work: "count", from: 0 } as const;
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
