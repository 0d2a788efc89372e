import { WikiferryError } from "../../errors";
import type { ContainerRef } from "../../move";
import { type ContainerExecResult, execInContainer } from "../../runtime/docker/exec";
import type { SshPool } from "../../runtime/ssh/pool";

/**
 * One of green's Redis instances, through `redis-cli` in its container. The password is passed only on standard input.
 */
export class RedisInstance {
  constructor(
    private readonly place: ContainerRef,
    private readonly password: string,
    private readonly pool: SshPool,
  ) {}

  /** @throws `REDIS_REFUSED`, `CONTAINER_MISSING` */
  async ping(): Promise<void> {
    await this.ask(["PING"], "PONG");
  }

  /**
   * Removes all keys. What an instance kept while the other side was the primary is stale, so it is emptied right
   * before its side opens.
   */
  async flush(): Promise<void> {
    await this.ask(["FLUSHALL"], "OK");
  }

  /** `INFO`, or a section of it, such as `memory`. */
  async info(section?: string): Promise<Record<string, string>> {
    const text = await this.ask(section ? ["INFO", section] : ["INFO"]);
    const pairs = text.split(/\r?\n/).flatMap((line) => {
      const colon = line.indexOf(":");
      return line.startsWith("#") || colon < 0 ? [] : [[line.slice(0, colon), line.slice(colon + 1)]];
    });
    return Object.fromEntries(pairs);
  }

  /** Number of keys in the first database. */
  async keys(): Promise<number> {
    return Number(await this.ask(["DBSIZE"]));
  }

  private async ask(command: string[], wanted?: string): Promise<string> {
    const result = await execInContainer(this.place, ["redis-cli", "--raw"], this.pool, {
      stdin: `AUTH ${this.password}\n${command.join(" ")}\n`,
    });
    // The exit code does not show that a command read from standard input was refused.
    const [authenticated, ...lines] = result.stdout.split("\n");
    const answer = lines.join("\n").trim();
    const refused = authenticated?.trim() !== "OK" || /^[A-Z]+ /.test(answer);
    if (result.exitCode !== 0 || refused || (wanted !== undefined && answer !== wanted)) {
      throw this.refused(command, result);
    }
    return answer;
  }

  private refused(command: string[], result: ContainerExecResult): WikiferryError {
    return new WikiferryError(
      "REDIS_REFUSED",
      `${this.place.container} answered ${command[0]} with "${(result.stdout + result.stderr).trim().slice(0, 300)}"`,
      `See \`docker logs ${this.place.container}\`; its password follows from the stack's master secret`,
    );
  }
}
