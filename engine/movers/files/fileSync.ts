import { WikiferryError } from "../../errors";
import type { ContainerRef, MoveSpec, Side } from "../../move";
import { execInContainer, runInContainer } from "../../runtime/docker/exec";
import type { SshPool } from "../../runtime/ssh/pool";
import { type Pass, parsePass } from "./passes";
import { ReadyPass } from "./readyPass";
import type { Rights } from "./rights";
import { settingLines } from "./settings";
import { trimmed } from "./tree";

/** `pull` to green, `push` to blue. */
export type Direction = "pull" | "push" | "off";

/** The direction while this side serves. */
export function directionFrom(side: Side): Direction {
  return side === "blue" ? "pull" : "push";
}

const settingsFile = "/state/follow.env";
/** Not among the settings, as it is determined once: after a flip blue holds files that file-sync created. */
const rightsFile = "/state/rights.env";

export interface FollowSettings {
  direction: Direction;
  /** Whether passes run on request only. */
  paused: boolean;
  blue: Omit<MoveSpec["blue"]["files"], "allowFrom">;
  files: MoveSpec["files"];
  /** Pause between two passes, in seconds. */
  intervalSeconds: number;
  /** Parts of a complete pass that run at the same time, 1 to 8. */
  parallel: number;
}

/** The container in green that copies uploads with rsync: its settings, its passes, what it keeps in `/state`. */
export class FileSync {
  constructor(
    private readonly ref: ContainerRef,
    private readonly pool: SshPool,
  ) {}

  async publicKey(): Promise<string> {
    return runInContainer(this.ref, ["cat", "/state/ssh/id_ed25519.pub"], this.pool);
  }

  /** Takes effect with the next pass. @throws `FILES_SETTING` */
  async follow({ direction, paused, blue, files, intervalSeconds, parallel }: FollowSettings): Promise<void> {
    await this.write(
      settingsFile,
      settingLines({
        DIRECTION: direction,
        REMOTE: `${blue.ssh.user}@${blue.address.host}`,
        PORT: blue.address.port,
        REMOTE_PATH: trimmed(blue.directory),
        PAUSED: paused ? "yes" : "no",
        MAX_DELETE: files.maxDelete,
        ALLOW_DELETE: files.allowDelete,
        KEEP_DAYS: files.keepDays,
        PARALLEL: parallel,
        INTERVAL_SECONDS: intervalSeconds,
      }),
    );
  }

  /** The direction that it was last given. */
  async direction(): Promise<Direction> {
    const text = await this.read(settingsFile);
    const direction = /^DIRECTION=(pull|push)$/m.exec(text ?? "")?.[1];
    return (direction as Direction | undefined) ?? "off";
  }

  async knowsRights(): Promise<boolean> {
    return (await this.read(rightsFile)) !== undefined;
  }

  /** Who will own the files that arrive on blue. */
  async setRights({ uid, gid, fileMode, directoryMode }: Rights): Promise<void> {
    await this.write(
      rightsFile,
      settingLines({
        OWNER: `${uid}:${gid}`,
        FILE_MODE: fileMode.toString(8),
        DIRECTORY_MODE: directoryMode.toString(8),
      }),
    );
  }

  /** Pins the only key that it accepts from blue's files host. */
  async pinHost(knownHosts: string): Promise<void> {
    await this.write("/state/ssh/known_hosts", knownHosts);
  }

  /** Closes the kept connection. sshd binds a key's line to a connection when it opens. */
  async disconnect(): Promise<void> {
    await runInContainer(this.ref, ["sh", "-c", "rm -f /tmp/file-sync-*"], this.pool);
  }

  /** Its last pass, successful or not; undefined before the first. */
  async lastPass(): Promise<Pass | undefined> {
    const text = await this.read("/state/passes.json");
    return text === undefined ? undefined : parsePass(text);
  }

  /** One complete pass. The result says what went wrong. @throws `FILES_SYNC` when it says nothing */
  async pass(): Promise<Pass> {
    const result = await execInContainer(this.ref, ["sync-now"], this.pool);
    if (result.stdout.trim() !== "") return parsePass(result.stdout);
    throw new WikiferryError(
      "FILES_SYNC",
      `file-sync's pass ended with exit code ${result.exitCode}: ${result.stderr.trim().slice(-500)}`,
      "See `docker logs` of file-sync, and run it again",
    );
  }

  /** A pass of named files that only waits for their names. @throws `FILES_SYNC` */
  readyPass(): Promise<ReadyPass> {
    return ReadyPass.start(this.ref, this.pool);
  }

  async write(path: string, content: string): Promise<void> {
    const script = 'umask 077; cat >"$1.new" && mv "$1.new" "$1"';
    await runInContainer(this.ref, ["sh", "-c", script, "sh", path], this.pool, { stdin: content });
  }

  /** Undefined where the file is empty or missing. */
  async read(path: string): Promise<string | undefined> {
    const command = ["sh", "-c", 'if [ -s "$1" ]; then cat "$1"; fi', "sh", path];
    return (await runInContainer(this.ref, command, this.pool)) || undefined;
  }
}
