import { Conversation } from "../docker/conversation";
import { WikiferryError } from "../errors";
import type { ContainerRef } from "../move";
import type { SshPool } from "../ssh/pool";
import { parseRound, type Round } from "./rounds";

/** How long the courier may take until it is connected, a round under way included, in milliseconds. */
const connectMs = 150_000;
/** How long a round of named files may take, in milliseconds; rsync itself ends when nothing moves for 30 s. */
const carryMs = 600_000;

/**
 * A round of named files that is made ready before the names are known: the courier has its lock and its connection,
 * and rsync runs at both ends. Naming files then costs what carrying them does.
 */
export class ReadyRound {
  private constructor(
    private readonly courier: Conversation,
    /** Its end, where it came before anything could be carried. */
    readonly failed: Round | undefined,
  ) {}

  /** Returns when the courier only waits for names, or can't begin. @throws `FILES_SYNC` when it says nothing */
  static async start(courier: ContainerRef, pool: SshPool): Promise<ReadyRound> {
    const conversation = await Conversation.start(courier, ["sync-now", "--files-from", "-"], pool);
    const line = await answer(conversation, connectMs);
    return new ReadyRound(conversation, line === "ready" ? undefined : parseRound(line));
  }

  /**
   * Carries these files, and what is in these directories, where what the source lacks is deleted as well. Can be
   * called once. What went wrong is in the answer, unless there is none.
   *
   * @param paths Relative to the upload directory.
   */
  async carry(paths: string[]): Promise<Round> {
    if (this.failed) return this.failed;
    this.courier.say(paths.map((path) => `${path}\0`).join(""));
    this.courier.finish();
    return parseRound(await answer(this.courier, carryMs));
  }

  /** Ends it; nothing is carried, and nothing waited for. */
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
      `the courier does not tell of its round: ${error instanceof WikiferryError ? error.found : error}`,
      "See `docker logs` of the courier, and run it again",
      { cause: error },
    );
  }
}
