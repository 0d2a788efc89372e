import { randomBytes } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { messageOf, WikiferryError } from "../../errors";
import {
  logFile,
  makeDirectory,
  newestLog,
  openLog,
  putInPlace,
  readWhole,
  removeUnfinished,
  syncDirectory,
  writeUnfinished,
} from "./files";
import { decode, encode, type Log, start, storeCorrupt } from "./log";
import { type Entry, entriesOf, fold, type NewEntry, type State, version } from "./state";

/** The log of a directory. Any number of processes of this machine may read it and append to it at once. */
export class EntryLog {
  private turn: Promise<unknown> = Promise.resolve();
  /** The log whose name is known to be on disk. */
  private durable = 0;

  constructor(
    readonly directory: string,
    private readonly compactAfter: number,
  ) {}

  /** The log's present state. Never writes. @throws `CTRL_STORE_CORRUPT` */
  async state(): Promise<State> {
    for (;;) {
      const generation = await newestLog(this.directory);
      if (generation === 0) return fold([]);
      const handle = await openLog(this.directory, generation, "read");
      // Another process has just created the next one.
      if (!handle) continue;
      try {
        return fold((await this.read(handle, generation)).links);
      } finally {
        await handle.close();
      }
    }
  }

  /**
   * Appends what `decide` returns for the present state. It is on disk when this returns. If another process was
   * faster, `decide` is asked again. It may return undefined, or throw, to change nothing.
   * @throws `CTRL_STORE_CORRUPT`, `CTRL_STORE_WRITE`
   */
  change(decide: (state: State) => NewEntry | undefined): Promise<void> {
    const mine = this.turn.then(async () => {
      while (!(await this.attempt(decide)));
    });
    this.turn = mine.catch(() => {});
    return mine;
  }

  /** @returns whether it is done */
  private async attempt(decide: (state: State) => NewEntry | undefined): Promise<boolean> {
    const generation = await newestLog(this.directory);
    if (generation === 0) {
      if (!decide(fold([]))) return true;
      await this.writing(() => this.goOn(fold([]), 1));
      return false;
    }
    const handle = await openLog(this.directory, generation, "append");
    if (!handle) return false;
    try {
      const log = await this.read(handle, generation);
      const state = fold(log.links);
      if (state.ended) {
        await this.writing(() => this.goOn(state, generation + 1));
        return false;
      }
      const entry = decide(state);
      if (!entry) return true;
      const after = await this.writing(() => this.append(handle, generation, log.head, entry));
      if (!after) return false;
      // That it can't be shortened does no harm: the entry is on disk.
      await this.compact(handle, generation, after).catch(() => {});
      return true;
    } finally {
      await handle.close();
    }
  }

  /** @returns the log with the entry, or undefined where another process was faster */
  private async append(
    handle: FileHandle,
    generation: number,
    head: string,
    entry: NewEntry,
  ): Promise<Log<Entry> | undefined> {
    const { sum, bytes } = encode(head, withId(entry));
    const { bytesWritten } = await handle.write(bytes);
    if (bytesWritten < bytes.length)
      throw new Error(`only ${bytesWritten} of ${bytes.length} bytes were taken`);
    await handle.sync();
    if (this.durable !== generation) {
      await syncDirectory(this.directory);
      this.durable = generation;
    }
    const log = await this.read(handle, generation);
    return log.links.some((link) => link.sum === sum) ? log : undefined;
  }

  /** Drops what later entries superseded. */
  private async compact(handle: FileHandle, generation: number, log: Log<Entry>): Promise<void> {
    const state = fold(log.links);
    if (log.waste + state.superseded < this.compactAfter) return;
    // First, so that on a full disk the old log stays in use.
    const next = await writeUnfinished(this.directory, logOf(state));
    if (await this.append(handle, generation, log.head, { kind: "end" }))
      await putInPlace(this.directory, next, generation + 1);
    else await removeUnfinished(next);
  }

  private async goOn(state: State, generation: number): Promise<void> {
    await makeDirectory(this.directory);
    const next = await writeUnfinished(this.directory, logOf(state));
    await putInPlace(this.directory, next, generation);
  }

  private async read(handle: FileHandle, generation: number): Promise<Log<Entry>> {
    const name = logFile(this.directory, generation);
    const log = decode<Entry>(await readWhole(handle), name);
    const first = log.links[0]?.record;
    // A log is put in place together with its first record.
    if (first?.kind !== "begin") throw storeCorrupt(`${name} has lost its beginning`);
    if (first.version !== version)
      throw storeCorrupt(`${name} has the format ${first.version}, wanted ${version}`);
    return log;
  }

  private async writing<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof WikiferryError) throw error;
      throw new WikiferryError(
        "CTRL_STORE_WRITE",
        `${this.directory} could not be written to: ${messageOf(error)}`,
        "See that its disk has space and accepts writes, then run again: it continues from what is recorded there",
        { cause: error },
      );
    }
  }
}

function logOf(state: State): Buffer {
  let head = start;
  const pieces = entriesOf(state).map((entry) => {
    const { sum, bytes } = encode(head, withId(entry));
    head = sum;
    return bytes;
  });
  return Buffer.concat(pieces);
}

function withId(entry: NewEntry): Entry {
  return { id: randomBytes(6).toString("hex"), ...entry };
}
