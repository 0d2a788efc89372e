import { WikiferryError } from "../../../../errors";
import type { Term } from "../../../../estimate";
import { quoted } from "../../../../runtime/mariadb/identifier";
import type { Server, Session } from "../../../../runtime/mariadb/server";
import { ownCollations } from "../../charsets";
import { positions } from "../../replication/status";
import type { CopyContext } from "../context";
import type { CopyResult } from "../state";
import { applyStream, type Stage } from "./apply";
import { type Definitions, definitionsNow, fingerprintOf, openReader } from "./definitions";
import { DefinitionsChanged, understood, unlessChanged } from "./failures";
import { addForeignKeys, addIndexes, checkDefinitions } from "./indexes";
import { LargeRows } from "./largeRows";
import { mendMixed } from "./mend";
import { writeObjects } from "./objects";
import {
  type CopyPlan,
  forgetRanges,
  isBehindItsRanges,
  type Range,
  readPlan,
  readRanges,
  writePlan,
  writeProgress,
  writeRanges,
} from "./plan";
import { planRanges } from "./planning";
import { CopyProgress } from "./progress";
import { currentSettings, relax, restore } from "./settings";
import { openSnapshot, type Snapshot } from "./snapshot";
import { watchLoad } from "./sourceLoad";
import { sweep } from "./sweep";
import { firstDefinition, type Table } from "./tables";
import { Throttle } from "./throttle";
import { Wire } from "./wire/wire";
import { prepareTarget, Worker, type WorkerWorld } from "./worker";

/** Pairs of sessions that copy in parallel. */
export const workerCount = 3;
const usualPieceBytes = 32 * 1024 * 1024;
/** Attempts to read definitions that stay the same while a snapshot is opened. */
const definitionTries = 10;

/** What a test may observe of a copy. */
export interface LogicalContext extends CopyContext {
  /** Receives each piece before its first row is read. `range.after` is the key after which it begins. */
  onPiece?(range: Range): void;
  /** Approximate size of one transaction, in bytes. Defaults to 32 MiB. */
  pieceBytes?: number;
}

/** One attempt at the rest of a copy, from one snapshot. */
export class Run {
  /** Whether it has copied anything. */
  progressed = false;
  private readonly sessions: { destroy(): void }[] = [];
  private readonly workers: Worker[] = [];
  private readonly startedAt = performance.now();
  private spentBeforeMs = 0;
  private progress: CopyProgress | undefined;
  private stopWatching: (() => void) | undefined;
  private readonly parts: Term[] = [];

  constructor(
    private readonly ctx: LogicalContext,
    private readonly owner: string,
  ) {}

  /** Releases everything. */
  async end(): Promise<void> {
    this.progress?.stop();
    this.stopWatching?.();
    for (const session of this.sessions) session.destroy();
  }

  async go(): Promise<CopyResult> {
    const { blue, green, spec, report } = this.ctx;
    const { database } = spec.wiki;
    let part = this.begin("start");
    await sweep(green, report);
    const before = await readPlan(green);
    this.spentBeforeMs = before?.spentMs ?? 0;
    const settings = before?.settings ?? (await currentSettings(green));

    const reader = this.keep(await openReader(blue));
    // A binary log that was just enabled on a quiet wiki names no position yet. One logged heartbeat gives it the
    // first.
    await blue.run("UPDATE wikiferry.heartbeat SET beat = beat + 1, beat_at = UTC_TIMESTAMP(6) WHERE id = 1");
    const { definitions, snapshot } = await this.freeze(reader);
    refuseUnfit(definitions.tables);
    part();

    part = this.begin("tables");
    let plan: CopyPlan;
    const behind = before !== undefined && (await isBehindItsRanges(green, before));
    if (before && !behind && before.fingerprint === definitions.fingerprint) {
      plan = { ...before, owner: this.owner, snapshots: [...before.snapshots, placeOf(snapshot)] };
      await writePlan(green, plan);
      await relax(green);
      await this.beginAnewWhatCascades(definitions.tables);
    } else {
      if (before) {
        const why = behind ? "the checkpoint is behind the copied rows" : "blue's tables have changed";
        report({ step: "copy", message: `starting over: ${why}` });
      }
      plan = {
        owner: this.owner,
        fingerprint: definitions.fingerprint,
        snapshots: [placeOf(snapshot)],
        settings,
        applying: false,
        spentMs: before?.spentMs ?? 0,
      };
      const ranges = await unlessChanged(
        planRanges(reader, database, definitions.tables, {
          workers: workerCount,
          pieceBytes: this.pieceBytes,
        }),
      );
      // Whoever finds this plan half written finds a different fingerprint, and starts over as well.
      await writePlan(green, { ...plan, fingerprint: "" });
      await relax(green);
      await this.makeTables(definitions, plan, ranges);
    }

    part();
    part = this.begin("rows");
    const ranges = await this.copyRows(plan, definitions, snapshot, reader);
    part();
    part = this.begin("into line");
    await this.bringIntoLine(plan, definitions, snapshot, ranges);
    part();
    for (const wire of snapshot.readers) wire.destroy();

    const result: CopyResult = {
      gtid: (await positions(green)).applied,
      bytes: ranges.reduce((sum, range) => sum + range.bytes, 0),
      rows: ranges.reduce((sum, range) => sum + range.rows, 0),
      copyMs: this.spentMs(),
      parts: this.parts,
      converged: definitions.tables.filter(({ transactional }) => !transactional).map(({ name }) => name),
    };
    await this.end();
    return result;
  }

  /** A part of the copy. Call it when it ends. */
  private begin(name: string): () => void {
    const start = performance.now();
    return () => void this.parts.push({ name, ms: Math.round(performance.now() - start) });
  }

  private get pieceBytes(): number {
    return this.ctx.pieceBytes ?? usualPieceBytes;
  }

  private spentMs(): number {
    return Math.round(this.spentBeforeMs + performance.now() - this.startedAt);
  }

  private keep<T extends { destroy(): void }>(session: T): T {
    this.sessions.push(session);
    return session;
  }

  /** A snapshot, and the definitions of its tables. */
  private async freeze(reader: Session): Promise<{ definitions: Definitions; snapshot: Snapshot }> {
    const { blue, spec } = this.ctx;
    let before = await definitionsNow(reader, spec.wiki.database);
    for (let tries = 0; tries < definitionTries; tries++) {
      const snapshot = await openSnapshot(blue, workerCount);
      for (const wire of snapshot.readers) this.keep(wire);
      const after = await definitionsNow(reader, spec.wiki.database);
      if (after && after.fingerprint === before?.fingerprint) return { definitions: after, snapshot };
      for (const wire of snapshot.readers) wire.destroy();
      before = after;
    }
    throw new DefinitionsChanged("they changed while a snapshot was opened");
  }

  /** Creates the database on green, empty and defined like blue's, and the record of what to copy into it. */
  private async makeTables(
    definitions: Definitions,
    plan: CopyPlan,
    ranges: { table: string; bounds: Range["bounds"] }[],
  ): Promise<void> {
    const { green, spec } = this.ctx;
    const { database } = spec.wiki;
    const session = this.keep(await green.open());
    await session.run(
      `SET SESSION ${ownCollations} sql_log_bin = 0, sql_mode = 'NO_ENGINE_SUBSTITUTION,ALLOW_INVALID_DATES', foreign_key_checks = 0`,
    );
    await forgetLog(green);
    await session.run("DROP DATABASE IF EXISTS ??", [database]);
    await session.run(definitions.create);
    await session.run("USE ??", [database]);
    for (const table of definitions.tables) {
      await session.run(firstDefinition(table)).catch((error) => {
        throw new WikiferryError(
          "COPY_DEFINITION",
          `green does not accept the definition of ${table.name}: ${error.message}`,
          "Change the table on blue so that both servers accept it, then run again",
          { cause: error },
        );
      });
    }
    await writeRanges(green, ranges);
    await writePlan(green, plan);
  }

  /** The stream does not contain what a foreign key changes by itself, so such tables must come from one state only. */
  private async beginAnewWhatCascades(tables: readonly Table[]): Promise<void> {
    const { green, spec } = this.ctx;
    const names = tables.filter(({ cascades }) => cascades).map(({ name }) => name);
    if (names.length === 0) return;
    const session = this.keep(await green.open());
    await session.run("SET SESSION sql_log_bin = 0, foreign_key_checks = 0");
    await forgetRanges(green, names);
    for (const name of names) await session.run("TRUNCATE TABLE ??.??", [spec.wiki.database, name]);
  }

  private async copyRows(
    plan: CopyPlan,
    definitions: Definitions,
    snapshot: Snapshot,
    reader: Session,
  ): Promise<Range[]> {
    const { green, blue, spec, report } = this.ctx;
    const ranges = await readRanges(green);
    const tables = new Map(definitions.tables.map((table) => [table.name, table]));
    let keeping: Promise<unknown> = Promise.resolve();
    const progress = new CopyProgress(report, (figures) => {
      plan.spentMs = this.spentMs();
      keeping = keeping.then(() => writeProgress(green, plan, figures)).catch(() => {});
    });
    this.progress = progress;
    for (const table of definitions.tables) {
      const own = ranges.filter((range) => range.table === table.name);
      progress.add({
        name: table.name,
        totalBytes: table.bytes,
        totalRows: table.rows,
        bytes: own.reduce((sum, range) => sum + range.bytes, 0),
        rows: own.reduce((sum, range) => sum + range.rows, 0),
      });
      if (own.every(({ done }) => done)) progress.done(table.name);
    }
    const throttle = new Throttle(spec.copy.maxBytesPerSecond);
    this.stopWatching = watchLoad(blue, throttle);
    const world: WorkerWorld = {
      database: spec.wiki.database,
      tables,
      throttle,
      largeRows: new LargeRows(),
      pieceBytes: this.pieceBytes,
      snapshot: plan.snapshots.length,
      onPiece: (range: Range) => this.ctx.onPiece?.(range),
      onSent: (table: string, bytes: number) => progress.bytes(table, bytes),
      onRows: (table: string, rows: number) => {
        this.progressed = true;
        progress.rows(table, rows);
      },
    };
    const queue = ranges.filter(({ done }) => !done);
    // A range reports that it is done as soon as all of it has been sent.
    const committed = new Set(ranges.filter(({ done }) => done));
    const finished = definitions.tables.filter(({ name }) =>
      ranges.every(({ table, done }) => table !== name || done),
    );
    const tasks: Table[] = finished.filter((table) => isPure(ranges, table));
    progress.start();

    const work = async (number: number, source: Wire): Promise<void> => {
      const target = this.keep(await Wire.open(green, { bulk: true }));
      await prepareTarget(target, number);
      const worker = new Worker(source, target, world);
      this.workers[number] = worker;
      for (;;) {
        const complete = tasks.shift();
        if (complete) {
          await addIndexes(target, spec.wiki.database, complete);
          continue;
        }
        const range = queue.shift();
        if (!range) break;
        await worker.copy(range);
        committed.add(range);
        const own = ranges.filter(({ table }) => table === range.table);
        if (!own.every((one) => committed.has(one))) continue;
        await this.sameAsBefore(reader, definitions, range.table);
        progress.done(range.table);
        const table = tables.get(range.table) as Table;
        if (isPure(ranges, table)) tasks.push(table);
      }
    };
    try {
      await Promise.all(
        snapshot.readers.map((source, number) =>
          work(number, source).catch((error) => {
            throw understood(error);
          }),
        ),
      );
    } finally {
      progress.stop();
      this.stopWatching();
      await keeping;
    }
    return ranges;
  }

  /** @throws DefinitionsChanged unless the table whose rows were just read still is the one of the snapshot */
  private async sameAsBefore(reader: Session, definitions: Definitions, table: string): Promise<void> {
    const { blue, spec } = this.ctx;
    const now = await fingerprintOf(reader, spec.wiki.database, table);
    if (now !== definitions.tableFingerprints.get(table))
      throw new DefinitionsChanged(`${table} on ${blue.side} is no longer the same table`);
  }

  private async mend(snapshot: Snapshot, tables: readonly Table[]): Promise<void> {
    await mendMixed(this.ctx, snapshot, this.workers[0] as Worker, tables);
  }

  private async bringIntoLine(
    plan: CopyPlan,
    definitions: Definitions,
    snapshot: Snapshot,
    ranges: readonly Range[],
  ): Promise<void> {
    const { blue, green, spec } = this.ctx;
    const { database } = spec.wiki;
    const loose = definitions.tables.filter(({ transactional }) => !transactional);
    const end = loose.length > 0 ? (await positions(blue)).binlog : undefined;
    const session = await green.sessionWithoutBinlog();
    if (!plan.applying) {
      await forgetLog(green);
      await session.run("SET GLOBAL gtid_slave_pos = ?", [plan.snapshots[0]?.gtid]);
      plan.applying = true;
      await writePlan(green, plan);
    }
    await restore(green, plan.settings);
    if (plan.snapshots.length > 1) {
      await applyStream(this.ctx, stagesOf(plan, definitions.tables, ranges));
      const mixed = definitions.tables.filter((table) => table.transactional && !isPure(ranges, table));
      if (mixed.length > 0) await this.mend(snapshot, mixed);
    }
    const builder = this.keep(await green.open());
    await builder.run(
      `SET SESSION ${ownCollations} sql_log_bin = 0, sql_mode = '', foreign_key_checks = 0, unique_checks = 0`,
    );
    const late = definitions.tables.filter((table) => !isPure(ranges, table));
    for (const table of late.filter(({ transactional }) => transactional))
      await addIndexes(builder, database, table);
    for (const table of definitions.tables) await addForeignKeys(builder, database, table);
    await writeObjects(builder, database, definitions.objects);
    if (end !== undefined) await applyStream(this.ctx, [{ until: end, without: [] }]);
    for (const table of loose) await addIndexes(builder, database, table);
    await checkDefinitions(this.ctx, builder, definitions);
    builder.destroy();
  }
}

/**
 * Transactions logged on green up to now, such as the creation of an account, are not part of the stream that it will
 * write. This takes longer the more has just been written to the disk, so it is done at the beginning, and again if
 * necessary.
 */
async function forgetLog(green: Server): Promise<void> {
  if ((await positions(green)).binlog !== "") await (await green.sessionWithoutBinlog()).run("RESET MASTER");
}

function placeOf({ gtid, file, position }: Snapshot) {
  return { gtid, file, position };
}

/** Whether all of a table's rows come from one state of blue's data. */
function isPure(ranges: readonly Range[], table: Table): boolean {
  if (!table.transactional) return false;
  const own = ranges.filter((range) => range.table === table.name);
  const first = own[0]?.firstSnapshot;
  return own.every((range) => range.firstSnapshot === first && range.lastSnapshot === first);
}

/** From each snapshot to the next, without the tables that come completely from a later one. */
function stagesOf(plan: CopyPlan, tables: readonly Table[], ranges: readonly Range[]): Stage[] {
  const pureAt = (table: Table) =>
    isPure(ranges, table) ? ranges.find((range) => range.table === table.name)?.firstSnapshot : undefined;
  return plan.snapshots.slice(1).map(({ gtid }, at) => ({
    until: gtid,
    without: tables.filter((table) => (pureAt(table) ?? 0) >= at + 2).map(({ name }) => name),
  }));
}

/** @throws `COPY_TABLE_KIND` */
function refuseUnfit(tables: readonly Table[]): void {
  const versioned = tables.find(({ create }) => /\bWITH SYSTEM VERSIONING\b/.test(create));
  if (versioned) throw unfit(versioned, "keeps the history of its rows", "drop the versioning on blue");
  const loose = tables.find(({ transactional, keyed }) => !transactional && !keyed);
  if (loose) {
    throw unfit(
      loose,
      "has neither transactions nor a unique key, so rows that change during the copy can't be identified",
      `make it InnoDB on blue (ALTER TABLE ${quoted(loose.name)} ENGINE=InnoDB)`,
    );
  }
  const nameless = tables.find(({ name }) => /[,]/.test(name));
  if (nameless) throw unfit(nameless, "has a comma in its name", "rename it on blue");
}

function unfit(table: Table, what: string, remedy: string): WikiferryError {
  return new WikiferryError(
    "COPY_TABLE_KIND",
    `the table ${table.name} ${what}`,
    `Set copy.method to physical, or ${remedy}`,
  );
}
