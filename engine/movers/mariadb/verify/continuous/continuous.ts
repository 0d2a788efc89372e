import { messageOf, WikiferryError } from "../../../../errors";
import { quoted } from "../../../../runtime/mariadb/identifier";
import type { Server, Session } from "../../../../runtime/mariadb/server";
import { BinlogStream } from "../../binlog/stream";
import { waitForGtid } from "../../replication/follow";
import { contains } from "../../replication/gtid";
import { positions } from "../../replication/status";
import { readCascades, readDefinitions, type TableDefinition } from "../definitions";
import { digestSettings } from "../digest";
import { describeKey } from "../keys";
import { compareNonTransactionalTable } from "../nonTransactionalTable";
import { advanceVerification, lastVerification, recordVerification } from "../record";
import { type Changed, ChangedRows } from "./changedRows";
import { countOf, differingOf, hashName, hashQuestions, readHashes } from "./hashes";

/** Between two batches, in milliseconds. */
const intervalMs = 200;
/** An event may arrive before its transaction can be read. After this many milliseconds it can. */
const visibleMs = 20;
/** How long the replica may take to reach a batch's position, in milliseconds. */
const catchUpMs = 10_000;
/** A row that differs this many times, and changes on neither side meanwhile, differs for good. */
const looks = 4;
/** How long reading the binary log to its end may take, when nothing more arrives, in milliseconds. */
const readMs = 5_000;
/** With more rows than this to compare, reading the binary log pauses. */
const mostWaiting = 50_000;
/** No such table, column or key: the definition has changed. */
const changedTable: ReadonlySet<number> = new Set([1146, 1054, 1176, 1412]);
const mostOutdated = 50;
/**
 * Size limits for comparing a whole table, in bytes, where the log does not say which rows changed. The second applies
 * while writes wait.
 */
const wholeBytes = 64_000_000;
const wholeBytesInPause = 4_000_000;

/**
 * Continues where a comparison of the whole database ended: reads the primary's binary log and compares each row that
 * has changed. It hashes the primary's row first, and the replica's as soon as that has applied everything the primary
 * had. A row that differs is checked again, because it may have changed in between. End it.
 */
export class ContinuousVerification {
  /** Everything up to here has been compared and was equal. */
  verifiedTo: string;
  rows = 0;
  /** How long `finish` took, in milliseconds. */
  restMs = 0;
  /** Description of a difference that was found. */
  differingTables: string[] = [];
  private recorded: { to: string; rows: number; mismatch: boolean };
  private readonly touched: ChangedRows;
  private tables = new Map<string, TableDefinition>();
  private stream: BinlogStream | undefined;
  private running: Promise<void> = Promise.resolve();
  private resting = false;
  private wake = () => {};
  private outdated = 0;
  /** Why it can't continue, and a difference that was found. */
  private stopped: string | undefined;
  private mismatch: WikiferryError | undefined;
  private readonly suspects = new Map<string, { hashes: string; looks: number }>();
  private readonly listeners = new Set<() => void>();

  private constructor(
    private readonly primary: Server,
    private readonly replica: Server,
    private readonly database: string,
    after: string,
    private readonly sessions: { primary: Session; replica: Session },
  ) {
    this.verifiedTo = after;
    this.recorded = { to: after, rows: 0, mismatch: false };
    this.touched = new ChangedRows(database, after);
  }

  /**
   * @param after The position at which both were compared. The primary must still have its binary log from there on.
   */
  static async begin(
    primary: Server,
    replica: Server,
    database: string,
    after: string,
  ): Promise<ContinuousVerification> {
    // It has its own sessions, so that it does not wait for others' or they for it.
    const there = primary.withOwnConnections();
    const here = replica.withOwnConnections();
    const own = new ContinuousVerification(there, here, database, after, {
      primary: await openHand(there),
      replica: await openHand(here),
    });
    try {
      await own.define();
      own.stream = await BinlogStream.open(there, {
        after,
        wanted: own.touched.wanted,
        take: (event) => own.take(() => own.touched.read(event)),
        lost: (error) => own.take(() => (own.stopped ??= `the binary log can't be read: ${error.message}`)),
      });
    } catch (error) {
      await own.end();
      throw error;
    }
    own.running = own.loop();
    return own;
  }

  /**
   * Waits until everything up to a transaction has been compared.
   * @returns whether it was, within `timeoutMs`
   * @throws `VERIFY_MISMATCH`
   */
  async upTo(gtid: string, timeoutMs: number): Promise<boolean> {
    await this.until(() => contains(this.verifiedTo, gtid) || this.isOver(), timeoutMs);
    if (this.mismatch) throw this.mismatch;
    return contains(this.verifiedTo, gtid);
  }

  /** Starts no further batch. What changes from now on is left for `finish`. */
  rest(): void {
    this.resting = true;
    this.wake();
  }

  /**
   * Compares the rest, while both servers stand at `gtid`.
   * @returns why it is incomplete; empty if it is complete
   * @throws `VERIFY_MISMATCH`
   */
  async finish(gtid: string): Promise<string> {
    const start = performance.now();
    this.rest();
    try {
      return await this.compareTheRest(gtid);
    } finally {
      this.restMs = Math.round((performance.now() - start) * 10) / 10;
    }
  }

  /** Why the comparison stopped, though nobody ended it; undefined while it continues. */
  get stoppedBy(): string | undefined {
    return this.stopped;
  }

  /** Advances the record on both servers to here. A difference becomes a separate record, once. */
  async record(): Promise<void> {
    const servers = [this.primary, this.replica];
    if (this.mismatch) {
      if (this.recorded.mismatch) return;
      this.recorded.mismatch = true;
      await Promise.all(servers.map((server) => this.recordMismatch(server)));
      return;
    }
    const { verifiedTo, rows } = this;
    if (verifiedTo === this.recorded.to) return;
    const more = rows - this.recorded.rows;
    this.recorded = { to: verifiedTo, rows, mismatch: false };
    await Promise.all(servers.map((server) => advanceVerification(server, verifiedTo, more)));
  }

  async end(): Promise<void> {
    this.rest();
    this.stopped ??= "it was ended";
    this.notify();
    await this.stream?.end();
    this.sessions.primary.destroy();
    this.sessions.replica.destroy();
    await this.running;
    await Promise.all([this.primary.close(), this.replica.close()]);
  }

  private async recordMismatch(server: Server): Promise<void> {
    const { tables = 0, rows = "0" } = (await lastVerification(server)) ?? {};
    const differing = this.differingTables.map((table) => ({ table, what: ["rows that have changed"] }));
    await recordVerification(server, { ok: false, gtid: this.verifiedTo, tables, rows, ms: 0, differing });
  }

  private async compareTheRest(gtid: string): Promise<string> {
    await this.running;
    await this.until(() => contains(this.touched.gtid, gtid) || this.isOver(), readMs);
    if (this.mismatch) throw this.mismatch;
    if (this.stopped) return this.stopped;
    if (!contains(this.touched.gtid, gtid)) return "the binary log arrived too slowly";
    if (this.touched.definitionsChanged) return "table definitions changed at the last moment";
    const rest = this.touched.take();
    for (const [name, keys] of rest) {
      const table = this.tables.get(name);
      if (keys === "whole" && (!table || table.dataBytes > wholeBytesInPause))
        return `${name} can only be compared as a whole, and was written to at the last moment`;
    }
    const differing = await this.differing(rest);
    if (differing.size > 0) {
      this.mismatch = this.mismatchOf(differing, gtid);
      throw this.mismatch;
    }
    this.rows += countOf(rest);
    this.verifiedTo = gtid;
    return "";
  }

  private async loop(): Promise<void> {
    while (!this.resting && !this.isOver()) {
      try {
        await this.batch();
      } catch (error) {
        this.stopped ??= `rows can't be compared: ${messageOf(error)}`;
      }
      this.notify();
      if (!this.resting) await this.sleep(intervalMs);
    }
  }

  private async batch(): Promise<void> {
    // Rows taken by then were read with the old definitions, or are compared as a whole table.
    while (this.touched.definitionsChanged) await this.define();
    const upTo = this.touched.gtid;
    const taken = this.touched.take();
    this.stream?.resume();
    if (taken.size > 0) {
      await new Promise((resolve) => setTimeout(resolve, visibleMs));
      const again = await this.compare(taken).catch((error: unknown) => this.outlived(error, taken));
      this.rows += countOf(taken);
      if (again.size > 0) {
        this.touched.putBack(again);
        return;
      }
    }
    this.verifiedTo = upTo;
  }

  /** The log also shows a table that was altered or dropped meanwhile, and it is read first. @throws any other error */
  private outlived(error: unknown, taken: Changed): Changed {
    const { errno = 0 } = error as { errno?: number };
    if (!changedTable.has(errno) || ++this.outdated > mostOutdated) throw error;
    this.touched.definitionsChanged = true;
    return taken;
  }

  /** What to check again. */
  private async compare(taken: Changed): Promise<Changed> {
    const { keyed, whole } = this.sorted(taken);
    const questions = hashQuestions(this.database, this.tables, keyed);
    const there = await readHashes(this.sessions.primary, questions);
    const applied = await waitForGtid(this.replica, (await positions(this.primary)).binlog, catchUpMs);
    if (!applied) return taken;
    const here = await readHashes(this.sessions.replica, questions);
    const differing = differingOf(keyed, there, here);
    const suspects = this.judge(differing, there, here);
    if (suspects.size > 0) this.mismatch = this.mismatchOf(suspects, this.touched.gtid);
    for (const table of whole) {
      const name = `${quoted(this.database)}.${quoted(table.name)}`;
      const found = await compareNonTransactionalTable(this.primary, this.replica, name, table.columns);
      if (found.differing > 0)
        this.mismatch ??= this.mismatchOf(new Map([[table.name, "whole"]]), this.touched.gtid);
    }
    return differing;
  }

  /** Rows by key, and tables that are compared as a whole. A table that is gone is in neither. */
  private sorted(taken: Changed): { keyed: Changed; whole: TableDefinition[] } {
    const keyed: Changed = new Map();
    const whole: TableDefinition[] = [];
    for (const [name, keys] of taken) {
      const table = this.tables.get(name);
      if (!table) continue;
      if (keys !== "whole") keyed.set(name, keys);
      else if (table.dataBytes <= wholeBytes) whole.push(table);
      else this.stopped ??= `${name} can only be compared as a whole, and is too large for that`;
    }
    return { keyed, whole };
  }

  /** Rows that have differed every time, with the same content on each side every time. */
  private judge(
    differing: Changed,
    there: ReadonlyMap<string, string>,
    here: ReadonlyMap<string, string>,
  ): Changed {
    const before = new Map(this.suspects);
    this.suspects.clear();
    const found: Changed = new Map();
    for (const [table, keys] of differing) {
      if (keys === "whole") continue;
      const stubborn = [...keys].filter((key) => {
        const name = hashName(table, key);
        const hashes = `${there.get(name)} ${here.get(name)}`;
        const last = before.get(name);
        const seen = last?.hashes === hashes ? last.looks + 1 : 1;
        this.suspects.set(name, { hashes, looks: seen });
        return seen >= looks;
      });
      if (stubborn.length > 0) found.set(table, new Set(stubborn));
    }
    return found;
  }

  /** What differs among the changed rows, while both sides stand still. */
  private async differing(touched: Changed): Promise<Changed> {
    const questions = hashQuestions(this.database, this.tables, touched);
    const [there, here] = await Promise.all([
      readHashes(this.sessions.primary, questions),
      readHashes(this.sessions.replica, questions),
    ]);
    return differingOf(touched, there, here);
  }

  private async define(): Promise<void> {
    this.touched.definitionsChanged = false;
    const [tables, cascades] = await Promise.all([
      readDefinitions(this.sessions.primary, this.database),
      readCascades(this.sessions.primary, this.database),
    ]);
    this.tables = new Map(tables.map((table) => [table.name, table]));
    this.touched.define(tables, cascades);
  }

  private mismatchOf(differing: Changed, gtid: string): WikiferryError {
    this.differingTables = [...differing.keys()];
    const named = [...differing].slice(0, 5).map(([name, keys]) => {
      const key = this.tables.get(name)?.key;
      if (keys === "whole" || !key) return name;
      const some = [...keys].slice(0, 3).map((text) => describeKey(key.columns, text));
      return `${name} (${some.join("; ")}${keys.size > 3 ? ` and ${keys.size - 3} more` : ""})`;
    });
    const more = differing.size > 5 ? ` and ${differing.size - 5} more tables` : "";
    return new WikiferryError(
      "VERIFY_MISMATCH",
      `at ${gtid}, rows that changed since the last comparison are not the same on ${this.replica.side}: ${named.join(", ")}${more}`,
      "No write was lost, and the wrong side takes none. Find out what wrote there, then run `pulumi up --refresh`, which compares everything",
    );
  }

  private isOver(): boolean {
    return this.stopped !== undefined || this.mismatch !== undefined;
  }

  private take(event: () => void): void {
    event();
    if (this.touched.rows > mostWaiting && !this.resting) this.stream?.pause();
    this.notify();
  }

  private notify(): void {
    for (const listener of this.listeners) listener();
  }

  private async until(holds: () => boolean, timeoutMs: number): Promise<void> {
    if (holds()) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.listeners.delete(listener);
        resolve();
      };
      const listener = () => {
        if (holds()) done();
      };
      const timer = setTimeout(done, timeoutMs);
      this.listeners.add(listener);
    });
  }

  /** Ends early when the comparison should pause. */
  private async sleep(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.wake = () => {};
  }
}

async function openHand(server: Server): Promise<Session> {
  const session = await server.open();
  await session.run(`SET SESSION lock_wait_timeout = 10, ${digestSettings}`);
  return session;
}
