import { setTimeout as sleep } from "node:timers/promises";
import { messageOf, WikiferryError } from "../../errors";
import { block, type Finding, findingOf, pass } from "../../finding";
import { size } from "../../format";
import type { MoveSpec, Side } from "../../move";
import { otherSide } from "../../move";
import { type Report, silent } from "../../progress";
import { execInContainer, runInContainer } from "../../runtime/docker/exec";
import type { Server } from "../../runtime/mariadb/server";
import { editAuthorizedKeys } from "../../runtime/ssh/hostFile";
import type { SshPool } from "../../runtime/ssh/pool";
import { quote } from "../../runtime/ssh/quote";
import { authorizedLine, fileSyncMark, knownHostsLine } from "./authorization";
import { type Comparison, describeComparison, refuseLoss } from "./comparison";
import { type ExpectedFile, UploadLayout } from "./layout";
import { refuseLinks } from "./links";
import { checkPass, failedFiles, type Pass, parsePass } from "./passes";
import { ReadyPass } from "./readyPass";
import { type FileEvent, UploadRecords } from "./records";
import type { Rights } from "./rights";
import { settingLines } from "./settings";
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

/** `pull` to green, `push` to blue. */
export type Direction = "pull" | "push" | "off";

const step = "uploads";
const settingsFile = "/state/follow.env";
/** Not among the settings, as it is determined once: after a flip blue holds files that file-sync created. */
const rightsFile = "/state/rights.env";
const comparisonFile = "/state/comparison.json";
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

/**
 * The uploads of both sides. File-sync in green copies them: `pull` while blue serves, `push` while green does. It
 * deletes only what the serving side no longer has; either side keeps what it loses in a separate directory.
 */
export class Uploads {
  private readonly layout: UploadLayout;
  private readonly sides: UploadSides;
  private readonly report: Report;
  private carried: Carried | undefined;
  private ready: ReadyPass | undefined;

  constructor(
    private readonly move: UploadsMove,
    private readonly options: UploadsOptions = {},
  ) {
    this.layout = new UploadLayout(options.hashed ?? true);
    this.sides = new UploadSides(move.spec, move.pool);
    this.report = move.report ?? silent;
  }

  /** Reads both sides and reports what stands in the way. Never writes. File-sync may not exist yet. */
  async preflight(): Promise<Finding[]> {
    const { ssh, directory } = this.move.spec.blue.files;
    const blue = await this.move.pool.to(ssh);
    const source = await blue.exec(
      `[ -d ${quote(directory)} ] && du -sb --exclude=thumb ${quote(`${trimmed(directory)}/.`)} | cut -f1`,
    );
    if (source.exitCode !== 0) {
      return [
        block(
          "FILES_DIRECTORY",
          `${ssh.host} has no readable directory ${directory} (${source.stderr.trim().slice(0, 200)})`,
          "Set blue.files.directory to MediaWiki's upload directory on blue's files host",
        ),
      ];
    }
    const sourceBytes = Number(source.stdout.trim());
    const findings: Finding[] = [pass("FILES_DIRECTORY", `${directory} holds ${size(sourceBytes)}`)];
    if (!/^\/[A-Za-z0-9._/+-]*$/.test(directory)) {
      findings.push(
        block(
          "FILES_DIRECTORY_NAME",
          `the upload directory ${directory} has characters other than letters, digits and . _ / + -`,
          "Make a symbolic link with a plain name to it, and set blue.files.directory to that",
        ),
      );
    }
    const rsync = await blue.exec("command -v rsync");
    findings.push(
      rsync.exitCode === 0
        ? pass("FILES_RSYNC", `rsync is installed on ${ssh.host}`)
        : block("FILES_RSYNC", `${ssh.host} has no rsync`, "Install it there: `apt-get install rsync`"),
    );
    findings.push(...(await this.diskSpace(sourceBytes)));
    findings.push(await this.completeness(), await this.ownership());
    return findings;
  }

  /** Whether blue has what its database has on record, and nothing that would be a broken link on green. */
  private async completeness(): Promise<Finding> {
    try {
      const files = await this.requireWhole("blue");
      return pass(
        "FILES_LOST",
        `blue has the ${files} files that MediaWiki has on record, except for the few that may be missing`,
      );
    } catch (error) {
      return findingOf(error);
    }
  }

  /** Whether the SSH user can create files on blue that its web server may change. */
  private async ownership(): Promise<Finding> {
    const { ssh } = this.move.spec.blue.files;
    const user = Number(await (await this.move.pool.to(ssh)).run("id -u"));
    try {
      const { uid, gid } = await this.sides.rights();
      if (user === 0 || user === uid)
        return pass("FILES_OWNER", `blue's uploads belong to ${uid}:${gid}, and so will new ones`);
      return block(
        "FILES_OWNER",
        `blue's uploads belong to uid ${uid}, and ${ssh.user} can't give files to that user`,
        "Set the user of the host that blue.files.host names (hosts.NAME.user) to root, or to the account that the uploads belong to",
      );
    } catch (error) {
      return findingOf(error);
    }
  }

  /**
   * Refuses a side that lacks a notable share of the recorded files, or has symbolic links to files that are not
   * copied. Checks names only and reads no file. @returns the number of recorded files @throws `FILES_LOST`,
   * `FILES_LINKS`
   */
  async requireWhole(side: Side): Promise<number> {
    const [expected, links] = await Promise.all([this.recordedOn(side), this.sides.links(side)]);
    refuseLinks(side, links);
    const paths = [...new Set(expected.map(({ path }) => path))];
    const missing = await this.sides.missing(side, paths);
    refuseLoss(side, { missing, empty: [], different: [] }, paths.length, this.move.spec.files.allowLost);
    return paths.length;
  }

  /** @throws `FILES_RECORDS` */
  private async recordedOn(side: Side): Promise<ExpectedFile[]> {
    try {
      return await (await this.records(side)).expected();
    } catch (error) {
      if (error instanceof WikiferryError) throw error;
      throw new WikiferryError(
        "FILES_RECORDS",
        `MediaWiki's records of uploads on ${side} can't be read: ${messageOf(error)}`,
        "See wiki.database and wiki.tablePrefix",
        { cause: error },
      );
    }
  }

  /**
   * Gives file-sync access to the uploads on blue's files host, and pins that host's key.
   * @param from Addresses from which file-sync's key is taken, for sshd's `from=`. Defaults to any.
   */
  async authorise(from?: string): Promise<void> {
    const { ssh, directory, address } = this.move.spec.blue.files;
    const fileSync = this.move.spec.green.fileSync;
    const publicKey = await runInContainer(fileSync, ["cat", "/state/ssh/id_ed25519.pub"], this.move.pool);
    const blue = await this.move.pool.to(ssh);
    const rights = await this.sides.rights();
    const line = authorizedLine(publicKey, {
      directory: trimmed(directory),
      owner: `${rights.uid}:${rights.gid}`,
      from,
    });
    await editAuthorizedKeys(blue, fileSyncMark, line);
    // sshd binds the line to a connection when it opens. A kept connection would go on with the previous line.
    await runInContainer(fileSync, ["sh", "-c", "rm -f /tmp/file-sync-*"], this.move.pool);
    await this.write("/state/ssh/known_hosts", knownHostsLine(address.host, address.port, ssh.hostKey));
    await this.tellRights(rights);
  }

  /** Takes back what `authorise` granted, and stops following. What is kept for the way back stays. */
  async retire(): Promise<void> {
    await this.follow("off");
    await editAuthorizedKeys(await this.move.pool.to(this.move.spec.blue.files.ssh), fileSyncMark);
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
    const sinceMs = Date.now() - lookBackMs;
    // Read before the pass: whatever a record names existed before the record was committed.
    const records = new Set((await (await this.records(from)).events(sinceMs)).keys());
    const pass = await this.sync();
    this.carried = { from, sinceMs, records };
    return pass;
  }

  /**
   * Called right before writes are held, after `settle`. Copies what changed since and prepares the last pass, so that
   * `catchUp` costs one query, and the transfer of its files if there are any. @throws `FILES_SYNC`
   */
  async approach(from: Side): Promise<void> {
    if (this.carried?.from !== from) await this.settle(from);
    await this.catchUp(from);
    this.ready = await this.newPass();
    if (this.ready.failed) this.check(this.ready.failed);
  }

  private async tell(direction: Direction, paused: boolean): Promise<void> {
    const { blue, files } = this.move.spec;
    const { ssh, directory, address } = blue.files;
    if (direction === "push" && (await this.readState(rightsFile)) === undefined)
      await this.tellRights(await this.sides.rights());
    await this.write(
      settingsFile,
      settingLines({
        DIRECTION: direction,
        REMOTE: `${ssh.user}@${address.host}`,
        PORT: address.port,
        REMOTE_PATH: trimmed(directory),
        PAUSED: paused ? "yes" : "no",
        MAX_DELETE: files.maxDelete,
        ALLOW_DELETE: files.allowDelete,
        KEEP_DAYS: files.keepDays,
        PARALLEL: this.options.parallel ?? 4,
        INTERVAL_SECONDS: this.options.intervalSeconds ?? 2,
      }),
    );
  }

  /** Who will own the files that arrive on blue: the owner of most files there now. */
  private async tellRights(rights: Rights): Promise<void> {
    const { uid, gid, fileMode, directoryMode } = rights;
    await this.write(
      rightsFile,
      settingLines({
        OWNER: `${uid}:${gid}`,
        FILE_MODE: fileMode.toString(8),
        DIRECTORY_MODE: directoryMode.toString(8),
      }),
    );
  }

  /** The direction that file-sync was last given. */
  async direction(): Promise<Direction> {
    const text = await this.readState(settingsFile);
    const direction = /^DIRECTION=(pull|push)$/m.exec(text ?? "")?.[1];
    return (direction as Direction | undefined) ?? "off";
  }

  /** File-sync's last pass, successful or not; undefined before the first. */
  async lastPass(): Promise<Pass | undefined> {
    const text = await this.readState("/state/passes.json");
    return text === undefined ? undefined : parsePass(text);
  }

  /**
   * One complete pass now, with progress, in the direction set by `follow`. Retries files that vanished meanwhile,
   * three times at most. @throws `FILES_SYNC`
   */
  async sync(): Promise<Pass> {
    const total = await this.sourceBytes();
    const running = { yes: true };
    const watch = this.watch(total, running);
    try {
      for (let attempt = 1; ; attempt++) {
        const pass = await this.pass();
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
    } finally {
      running.yes = false;
      await watch;
    }
  }

  /**
   * Brings the passive side to what `from` has: the files of all records since the last pass began. Final once `from`
   * takes no more uploads.
   * @returns undefined if there was nothing to copy
   * @throws `FILES_SYNC`, `FILES_NEVER_SYNCED`
   */
  async catchUp(from: Side): Promise<Pass | undefined> {
    const before = this.carried?.from === from ? this.carried : await this.recorded(from);
    const records = await this.records(from);
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
    const pass = this.check(await this.pass(paths));
    this.carried = { ...before, records: new Set(events.keys()) };
    return pass;
  }

  /** Ends what `approach` prepared. */
  letGo(): void {
    this.ready?.letGo();
    this.ready = undefined;
  }

  /** As far as file-sync's own record of its last complete pass tells. */
  private async recorded(from: Side): Promise<Carried> {
    const last = await this.lastPass();
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
        ...removed.flatMap((name) => this.layout.directories(name)),
      ]),
    ];
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
      expected: () => this.recordedOn(serving),
      carry: async (paths) => void (await this.pass(paths)),
      allowLost: this.move.spec.files.allowLost,
    });
    const told = describeComparison(comparison, passive, serving);
    await this.write(comparisonFile, `${JSON.stringify({ atMs: Date.now(), told })}\n`);
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
    const text = await this.readState(comparisonFile);
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

  /** One pass, restricted to these paths if they are given. The result says what went wrong. */
  private async pass(paths?: string[]): Promise<Pass> {
    if (paths) {
      const pass = this.ready ?? (await this.newPass());
      this.ready = undefined;
      return pass.carry(paths);
    }
    const result = await execInContainer(this.move.spec.green.fileSync, ["sync-now"], this.move.pool);
    if (result.stdout.trim() !== "") return parsePass(result.stdout);
    throw new WikiferryError(
      "FILES_SYNC",
      `file-sync's pass ended with exit code ${result.exitCode}: ${result.stderr.trim().slice(-500)}`,
      "See `docker logs` of file-sync, and run it again",
    );
  }

  private check(pass: Pass): Pass {
    return checkPass(pass, this.directories());
  }

  private directories(): string[] {
    return [this.sides.directory("blue"), this.sides.directory("green")];
  }

  private newPass(): Promise<ReadyPass> {
    return ReadyPass.start(this.move.spec.green.fileSync, this.move.pool);
  }

  private async sourceBytes(): Promise<number> {
    return await this.sides.bytes((await this.direction()) === "push" ? "green" : "blue");
  }

  private async watch(totalBytes: number, running: { yes: boolean }): Promise<void> {
    const direction = await this.direction();
    const target: Side = direction === "push" ? "blue" : "green";
    let first: { bytes: number; atMs: number } | undefined;
    for (let ticks = 1; running.yes; ticks++) {
      await sleep(200);
      if (ticks % 10 !== 0 || !running.yes) continue;
      const doneBytes = await this.sides.bytes(target).catch(() => 0);
      // The end of the pass has been reported meanwhile.
      if (!running.yes) return;
      const now = { bytes: doneBytes, atMs: performance.now() };
      this.report({ step, ...passProgress(totalBytes, now, first) });
      first ??= now;
    }
  }

  private async diskSpace(neededBytes: number): Promise<Finding[]> {
    const { fileSync } = this.move.spec.green;
    const directory = quote(fileSync.directory);
    const script = `df -B1 --output=avail ${directory} | tail -n 1; du -sb ${directory} | cut -f1`;
    let text: string;
    try {
      text = await runInContainer(fileSync, ["sh", "-c", script], this.move.pool);
    } catch (error) {
      if (error instanceof WikiferryError && error.code === "CONTAINER_MISSING") return [];
      throw error;
    }
    const [availableBytes = 0, presentBytes = 0] = text.trim().split(/\s+/).map(Number);
    const wantedBytes = Math.max(0, neededBytes - presentBytes) * 1.1;
    if (availableBytes >= wantedBytes) {
      return [pass("FILES_DISK_SPACE", `green has ${size(availableBytes)} free for uploads`)];
    }
    return [
      block(
        "FILES_DISK_SPACE",
        `green has ${size(availableBytes)} free, the uploads need ${size(wantedBytes)}`,
        "Give Docker's disk on green more room, or remove unused images with `docker image prune`",
      ),
    ];
  }

  private async write(path: string, content: string): Promise<void> {
    const script = 'umask 077; cat >"$1.new" && mv "$1.new" "$1"';
    await runInContainer(this.move.spec.green.fileSync, ["sh", "-c", script, "sh", path], this.move.pool, {
      stdin: content,
    });
  }

  private async readState(path: string): Promise<string | undefined> {
    const command = ["sh", "-c", 'if [ -s "$1" ]; then cat "$1"; fi', "sh", path];
    return (await runInContainer(this.move.spec.green.fileSync, command, this.move.pool)) || undefined;
  }
}

function directionFrom(side: Side): Direction {
  return side === "blue" ? "pull" : "push";
}

/** Progress of a pass: percent, and rate and time left since the first look. Pure. */
export function passProgress(
  totalBytes: number,
  now: { bytes: number; atMs: number },
  first?: { bytes: number; atMs: number },
): { message: string; percent: number } {
  const percent = totalBytes > 0 ? Math.min(99, (100 * now.bytes) / totalBytes) : 99;
  const perMs = first && now.atMs > first.atMs ? (now.bytes - first.bytes) / (now.atMs - first.atMs) : 0;
  const left =
    perMs > 0
      ? `, ${size(perMs * 1000)}/s, ${Math.ceil(Math.max(0, totalBytes - now.bytes) / perMs / 1000)} s left`
      : "";
  return { message: `${size(now.bytes)} of ${size(totalBytes)}${left}`, percent };
}

function trimmed(directory: string): string {
  return directory.replace(/\/+$/, "");
}
