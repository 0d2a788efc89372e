import { WikiferryError } from "../../errors";
import type { Side } from "../../move";
import { directionFrom, type FileSync } from "./fileSync";
import type { UploadLayout } from "./layout";
import type { Pass } from "./passes";
import type { ReadyPass } from "./readyPass";
import type { FileEvent, UploadRecords } from "./records";

/**
 * How far back records are read, in milliseconds. A record may be older than its file, because uploads take time and
 * clocks differ.
 */
const lookBackMs = 300_000;
/**
 * How long files may still disappear after their record was written, in milliseconds: within its request, for which PHP
 * allows 30 s and most hosts 60 s, and clocks differ.
 */
const removingMs = 120_000;

/** The records that existed when a pass began that copied everything they name. */
interface Carried {
  from: Side;
  /** Records from here on count; by the tool's clock. */
  sinceMs: number;
  records: ReadonlySet<string>;
}

export interface CatchUpParts {
  layout: UploadLayout;
  fileSync: Pick<FileSync, "lastPass" | "readyPass">;
  recordsOn: (side: Side) => Promise<UploadRecords>;
  /** @throws `FILES_SYNC` unless the pass succeeded */
  check: (pass: Pass) => Pass;
}

/** Copies what MediaWiki's records say has changed since the last pass, at the end of a flip while writes wait. */
export class CatchUp {
  private carried: Carried | undefined;
  private ready: ReadyPass | undefined;

  constructor(private readonly parts: CatchUpParts) {}

  /** Whether a complete pass of this run copied from `from`. */
  hasCarried(from: Side): boolean {
    return this.carried?.from === from;
  }

  /**
   * Runs a complete pass and remembers the records that it covers. They are read before it: whatever a record names
   * existed before the record was committed.
   */
  async during(from: Side, completePass: () => Promise<Pass>): Promise<Pass> {
    const sinceMs = Date.now() - lookBackMs;
    const records = new Set((await (await this.parts.recordsOn(from)).events(sinceMs)).keys());
    const pass = await completePass();
    this.carried = { from, sinceMs, records };
    return pass;
  }

  /** Copies what changed, and prepares the next pass of named files. @throws `FILES_SYNC` */
  async approach(from: Side): Promise<void> {
    await this.run(from);
    this.ready = await this.parts.fileSync.readyPass();
    if (this.ready.failed) this.parts.check(this.ready.failed);
  }

  /** @returns undefined if there was nothing to copy @throws `FILES_SYNC`, `FILES_NEVER_SYNCED` */
  async run(from: Side): Promise<Pass | undefined> {
    const before = this.carried?.from === from ? this.carried : await this.recorded(from);
    const records = await this.parts.recordsOn(from);
    const events = await records.events(before.sinceMs);
    const underWay = Date.now() - removingMs;
    const fresh = [...events].filter(
      ([key, { removes, atMs }]) => !before.records.has(key) || (removes && !(atMs < underWay)),
    );
    if (fresh.length === 0) {
      this.letGo();
      return undefined;
    }
    const paths = await this.pathsOf(
      records,
      fresh.map(([, event]) => event),
    );
    const pass = this.parts.check(await this.copy(paths));
    this.carried = { ...before, records: new Set(events.keys()) };
    return pass;
  }

  /** One pass of these paths. The result says what went wrong. */
  async copy(paths: string[]): Promise<Pass> {
    const pass = this.ready ?? (await this.parts.fileSync.readyPass());
    this.ready = undefined;
    return pass.carry(paths);
  }

  /** Ends what `approach` prepared. */
  letGo(): void {
    this.ready?.letGo();
    this.ready = undefined;
  }

  /** As far as file-sync's own record of its last complete pass tells. */
  private async recorded(from: Side): Promise<Carried> {
    const last = await this.parts.fileSync.lastPass();
    if (last && last.lastGoodStartMs > 0 && last.direction === directionFrom(from))
      return { from, sinceMs: last.lastGoodStartMs - lookBackMs, records: new Set() };
    throw new WikiferryError(
      "FILES_NEVER_SYNCED",
      `file-sync has no complete pass from ${from} on record`,
      "Run `pulumi up` in phase sync and wait until the uploads are copied",
    );
  }

  /** All files of the names in question, and the directories of those that may have disappeared. */
  private async pathsOf(records: UploadRecords, events: FileEvent[]): Promise<string[]> {
    const names = new Set(events.flatMap((event) => event.names));
    const removed = events.filter(({ removes }) => removes).flatMap((event) => event.names);
    const files = await records.expected([...names]);
    return [
      ...new Set([
        ...files.map(({ path }) => path),
        ...removed.flatMap((name) => this.parts.layout.directories(name)),
      ]),
    ];
  }
}
