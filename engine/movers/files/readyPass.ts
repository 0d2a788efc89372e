import { WikiferryError } from "../../errors";
import type { ContainerRef } from "../../move";
import { Conversation } from "../../runtime/docker/conversation";
import type { SshPool } from "../../runtime/ssh/pool";
import { type Pass, parsePass } from "./passes";

/** How long file-sync may take to connect, a pass under way included, in milliseconds. */
const connectMs = 150_000;
/** How long a pass of named files may take, in milliseconds. rsync itself ends when nothing moves for 30 s. */
const carryMs = 600_000;

/**
 * A pass of named files that is prepared before the names are known: file-sync has its lock and its connection, and
 * rsync runs on both ends. Naming files then costs only their transfer.
 */
export class ReadyPass {
  private constructor(
    private readonly conversation: Conversation,
    /** Why it ended, if it ended before it could transfer anything. */
    readonly failed: Pass | undefined,
  ) {}

  /** Returns when file-sync only waits for names, or can't start. @throws `FILES_SYNC` when it stays silent */
  static async start(fileSync: ContainerRef, pool: SshPool): Promise<ReadyPass> {
    const conversation = await Conversation.start(fileSync, ["sync-now", "--files-from", "-"], pool);
    const line = await answer(conversation, connectMs);
    return new ReadyPass(conversation, line === "ready" ? undefined : parsePass(line));
  }

  /**
   * Transfers these files, and the contents of these directories, where it also deletes what the source lacks. Call it
   * once. The result says what went wrong, unless there is none.
   * @param paths Relative to the upload directory.
   */
  async carry(paths: string[]): Promise<Pass> {
    if (this.failed) return this.failed;
    this.conversation.say(paths.map((path) => `${path}\0`).join(""));
    this.conversation.finish();
    return parsePass(await answer(this.conversation, carryMs));
  }

  /** Ends it. Nothing is transferred, and nothing waited for. */
  letGo(): void {
    this.conversation.finish();
  }
}

async function answer(conversation: Conversation, timeoutMs: number): Promise<string> {
  try {
    return await conversation.line(timeoutMs);
  } catch (error) {
    conversation.close();
    throw new WikiferryError(
      "FILES_SYNC",
      `file-sync does not report its pass: ${error instanceof WikiferryError ? error.found : error}`,
      "See `docker logs` of file-sync, and run it again",
      { cause: error },
    );
  }
}
