import { WikiferryError } from "../../errors";
import type { ContainerRef } from "../../move";
import { Conversation } from "../../runtime/docker/conversation";
import type { SshPool } from "../../runtime/ssh/pool";
import { parseRound, type Round } from "./rounds";

/** How long the courier may take to connect, a round under way included, in milliseconds. */
const connectMs = 150_000;
/** How long a round of named files may take, in milliseconds. rsync itself ends when nothing moves for 30 s. */
const carryMs = 600_000;

/**
 * A round of named files that is prepared before the names are known: the courier has its lock and its connection, and
 * rsync runs on both ends. Naming files then costs only their transfer.
 */
export class ReadyRound {
  private constructor(
    private readonly courier: Conversation,
    /** Why it ended, if it ended before it could transfer anything. */
    readonly failed: Round | undefined,
  ) {}

  /** Returns when the courier only waits for names, or can't start. @throws `FILES_SYNC` when it stays silent */
  static async start(courier: ContainerRef, pool: SshPool): Promise<ReadyRound> {
    const conversation = await Conversation.start(courier, ["sync-now", "--files-from", "-"], pool);
    const line = await answer(conversation, connectMs);
    return new ReadyRound(conversation, line === "ready" ? undefined : parseRound(line));
  }

  /**
   * Transfers these files, and the contents of these directories, where it also deletes what the source lacks. Call it
   * once. The result says what went wrong, unless there is none.
   * @param paths Relative to the upload directory.
   */
  async carry(paths: string[]): Promise<Round> {
    if (this.failed) return this.failed;
    this.courier.say(paths.map((path) => `${path}\0`).join(""));
    this.courier.finish();
    return parseRound(await answer(this.courier, carryMs));
  }

  /** Ends it. Nothing is transferred, and nothing waited for. */
  letGo(): void {
    this.courier.finish();
  }
}

async function answer(courier: Conversation, timeoutMs: number): Promise<string> {
  try {
    return await courier.line(timeoutMs);
  } catch (error) {
    courier.close();
    throw new WikiferryError(
      "FILES_SYNC",
      `the courier does not report its round: ${error instanceof WikiferryError ? error.found : error}`,
      "See `docker logs` of the courier, and run it again",
      { cause: error },
    );
  }
}
