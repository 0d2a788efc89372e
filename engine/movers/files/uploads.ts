import { WikiferryError } from "../../errors";
import type { Finding } from "../../finding";
import { size } from "../../format";
import type { MoveSpec, Side } from "../../move";
import { otherSide } from "../../move";
import { type Report, silent } from "../../progress";
import type { Server } from "../../runtime/mariadb/server";
import type { SshPool } from "../../runtime/ssh/pool";
import { grantAccess, revokeAccess } from "./access";
import { CatchUp } from "./catchUp";
import { type Comparison, describeComparison, type Present, refuseLoss } from "./comparison";
import { type Direction, directionFrom, FileSync } from "./fileSync";
import { type ExpectedFile, UploadLayout } from "./layout";
import { refuseLinks } from "./links";
import { checkPass, failedFiles, type Pass } from "./passes";
import { uploadsPreflight } from "./preflight";
import { during, step } from "./progress";
import { type FileEvent, recordedOn, UploadRecords } from "./records";
import { UploadSides, type UploadSidesSpec } from "./sides";
import { compareSides } from "./verification";

export interface UploadsSpec extends UploadSidesSpec {
  wiki: Pick<MoveSpec["wiki"], "database" | "tablePrefix">;
  blue: { files: Omit<MoveSpec["blue"]["files"], "allowFrom"> };
  files: MoveSpec["files"];
}

/** What `Uploads` needs of a move. */
export interface UploadsMove {
  spec: UploadsSpec;
  pool: SshPool;
  blue: Server;
  green: Server;
  report?: Report;
}

export interface UploadsOptions {
  /** `$wgHashedUploadDirectory`. Defaults to true. */
  hashed?: boolean;
  /** Pause between two passes of file-sync, in seconds. Defaults to 2. */
  intervalSeconds?: number;
  /** Parts of a complete pass that run at the same time, 1 to 8. Defaults to 4. */
  parallel?: number;
}

const comparisonFile = "/state/comparison.json";

/**
 * The uploads of both sides. File-sync in green copies them: `pull` while blue serves, `push` while green does. It
 * deletes only what the serving side no longer has; either side keeps what it loses in a separate directory.
 */
export class Uploads {
  private readonly layout: UploadLayout;
  private readonly sides: UploadSides;
  private readonly fileSync: FileSync;
  private readonly changes: CatchUp;
  private readonly report: Report;

  constructor(
    private readonly move: UploadsMove,
    private readonly options: UploadsOptions = {},
  ) {
    this.layout = new UploadLayout(options.hashed ?? true);
    this.sides = new UploadSides(move.spec, move.pool);
    this.fileSync = new FileSync(move.spec.green.fileSync, move.pool);
    this.changes = new CatchUp({
      layout: this.layout,
      fileSync: this.fileSync,
      recordsOn: (side) => this.records(side),
      check: (pass) => this.check(pass),
    });
    this.report = move.report ?? silent;
  }

  /** Reads both sides and reports what stands in the way. Never writes. File-sync may not exist yet. */
  async preflight(): Promise<Finding[]> {
    const { spec, pool } = this.move;
    return uploadsPreflight({
      spec,
      pool,
      sides: this.sides,
      requireWholeBlue: () => this.requireWhole("blue"),
    });
  }

  /**
   * Refuses a side that lacks a notable share of the recorded files, or has symbolic links to files that are not
   * copied. Checks names only and reads no file. @throws `FILES_LOST`, `FILES_LINKS`
   */
  async requireWhole(side: Side): Promise<Present> {
    const [expected, links] = await Promise.all([this.expectedOn(side), this.sides.links(side)]);
    refuseLinks(side, links);
    const paths = [...new Set(expected.map(({ path }) => path))];
    const missing = await this.sides.missing(side, paths);
    refuseLoss(side, { missing, empty: [], different: [] }, paths.length, this.move.spec.files.allowLost);
    return { recordedFiles: paths.length, missing };
  }

  /**
   * Gives file-sync access to the uploads on blue's files host, and pins that host's key.
   * @param from Addresses from which file-sync's key is taken, for sshd's `from=`. Defaults to any.
   */
  async authorise(from?: string): Promise<void> {
    const { spec, pool } = this.move;
    await grantAccess(this.fileSync, spec.blue.files, pool, await this.sides.rights(), from);
  }

  /** Takes back what `authorise` granted, and stops following. What is kept for the way back stays. */
  async retire(): Promise<void> {
    await this.follow("off");
    await revokeAccess(this.move.spec.blue.files, this.move.pool);
  }

  /** Removes the replaced and deleted uploads that green kept. Blue's stay, because they are blue's own data. */
  async forgetKeptOnGreen(): Promise<void> {
    await this.sides.forgetKept("green");
  }

  /** Size of what is kept of replaced and deleted uploads on each side, in bytes. */
  async kept(): Promise<Record<Side, number>> {
    const [blue, green] = await Promise.all([this.sides.keptBytes("blue"), this.sides.keptBytes("green")]);
    return { blue, green };
  }

  /** Removes what blue has kept for longer than the config wants. On green file-sync does it. */
  async forgetOld(): Promise<void> {
    await this.sides.forgetOldOnBlue(this.move.spec.files.keepDays);
  }

  /**
   * From now on file-sync copies the uploads pass after pass in this direction, and deletes at the target what the
   * source no longer has. The source must be the serving side. A pass under way is not interrupted.
   */
  async follow(direction: Direction): Promise<void> {
    await this.tell(direction, false);
  }

  /**
   * Runs a complete pass from `from`. After it file-sync starts none by itself until `follow` is called, so
   * `approach` and `catchUp` have little left to do and nothing to wait for.
   * @throws `FILES_SYNC`, `FILES_DELETE_HELD`; `FILES_LOST`, `FILES_LINKS` before anything is copied
   */
  async settle(from: Side): Promise<Pass> {
    this.letGo();
    await this.requireWhole(from);
    await this.tell(directionFrom(from), true);
    return this.changes.during(from, () => this.sync());
  }

  /**
   * Called right before writes are held, after `settle`. Copies what changed since and prepares the last pass, so that
   * `catchUp` costs one query, and the transfer of its files if there are any. @throws `FILES_SYNC`
   */
  async approach(from: Side): Promise<void> {
    if (!this.changes.hasCarried(from)) await this.settle(from);
    if (from === "green") await this.sides.forgetStaleThumbnailsOnBlue();
    await this.changes.approach(from);
  }

  /** Called when `side` serves: file-sync copies from it, and no thumbnail of what the last pass replaced is left. */
  async resume(side: Side): Promise<void> {
    this.letGo();
    await this.follow(directionFrom(side));
    if (side === "blue") await this.sides.forgetStaleThumbnailsOnBlue();
  }

  /**
   * Brings the passive side to what `from` has: the files of all records since the last pass began. Final once `from`
   * takes no more uploads.
   * @returns undefined if there was nothing to copy
   * @throws `FILES_SYNC`, `FILES_NEVER_SYNCED`
   */
  async catchUp(from: Side): Promise<Pass | undefined> {
    return this.changes.run(from);
  }

  /** Ends what `approach` prepared. */
  letGo(): void {
    this.changes.letGo();
  }

  private async tell(direction: Direction, paused: boolean): Promise<void> {
    if (direction === "push" && !(await this.fileSync.knowsRights()))
      await this.fileSync.setRights(await this.sides.rights());
    const { blue, files } = this.move.spec;
    await this.fileSync.follow({
      direction,
      paused,
      blue: blue.files,
      files,
      intervalSeconds: this.options.intervalSeconds ?? 2,
      parallel: this.options.parallel ?? 4,
    });
  }

  /** The direction that file-sync was last given. */
  async direction(): Promise<Direction> {
    return this.fileSync.direction();
  }

  /** File-sync's last pass, successful or not; undefined before the first. */
  async lastPass(): Promise<Pass | undefined> {
    return this.fileSync.lastPass();
  }

  /**
   * One complete pass now, with progress, in the direction set by `follow`. Retries files that vanished meanwhile,
   * three times at most. @throws `FILES_SYNC`
   */
  async sync(): Promise<Pass> {
    const [source, target]: [Side, Side] =
      (await this.direction()) === "push" ? ["green", "blue"] : ["blue", "green"];
    const totalBytes = await this.sides.bytes(source);
    return during(this.wholePass(), totalBytes, () => this.sides.bytes(target), this.report);
  }

  private async wholePass(): Promise<Pass> {
    for (let attempt = 1; ; attempt++) {
      const pass = await this.fileSync.pass();
      // 25: more files disappeared after the count.
      if ((pass.exitCode === 24 || pass.exitCode === 25) && attempt < 3) {
        const gone = failedFiles(pass.stderr, this.directories()).map(({ path }) => path);
        this.report({
          step,
          message: `changed during the copy, trying again: ${gone.slice(0, 5).join(", ")}`,
        });
        continue;
      }
      this.check(pass);
      this.report({
        step,
        message: `${pass.filesSent} files, ${size(pass.sentBytes)} carried`,
        percent: 100,
      });
      return pass;
    }
  }

  /**
   * Compares every file on the passive side with the SHA-1 that MediaWiki has of it, and copies again what is wrong.
   * Reports separately what was found, what was repaired and what the serving side itself lacks, and keeps it for
   * `status`.
   * @throws `FILES_MISMATCH` for what stays wrong; `FILES_LOST`, `FILES_LINKS` before anything is copied
   */
  async verify(passive: Side): Promise<Comparison> {
    const serving = otherSide(passive);
    refuseLinks(serving, await this.sides.links(serving));
    const comparison = await compareSides(passive, {
      sides: this.sides,
      expected: () => this.expectedOn(serving),
      carry: async (paths) => void (await this.changes.copy(paths)),
      allowLost: this.move.spec.files.allowLost,
    });
    const told = describeComparison(comparison, passive, serving);
    await this.fileSync.write(comparisonFile, `${JSON.stringify({ atMs: Date.now(), told })}\n`);
    const { missing, different } = comparison;
    if (missing.length + different.length > 0) {
      throw new WikiferryError(
        "FILES_MISMATCH",
        `on ${passive} ${missing.length} uploads are missing and ${different.length} differ from ${serving}'s, such as ${[...missing, ...different].slice(0, 5).join(", ")} (${told})`,
        "See file-sync's last pass; nothing is switched while uploads differ",
      );
    }
    this.report({ step, message: told, percent: 100 });
    return comparison;
  }

  /** What the last comparison found and repaired, in one line; undefined before the first. */
  async lastComparison(): Promise<{ atMs: number; told: string } | undefined> {
    const text = await this.fileSync.read(comparisonFile);
    return text === undefined ? undefined : (JSON.parse(text) as { atMs: number; told: string });
  }

  /**
   * What happened to files on `side` at `sinceMs` or later, in milliseconds since 1970, by what identifies each record.
   */
  async events(side: Side, sinceMs: number): Promise<Map<string, FileEvent>> {
    return (await this.records(side)).events(sinceMs);
  }

  private async records(side: Side): Promise<UploadRecords> {
    return new UploadRecords(await this.move[side].session(), this.move.spec.wiki, this.layout);
  }

  /** @throws `FILES_RECORDS` */
  private expectedOn(side: Side): Promise<ExpectedFile[]> {
    return recordedOn(side, () => this.records(side));
  }

  private check(pass: Pass): Pass {
    return checkPass(pass, this.directories());
  }

  private directories(): string[] {
    return [this.sides.directory("blue"), this.sides.directory("green")];
  }
}
