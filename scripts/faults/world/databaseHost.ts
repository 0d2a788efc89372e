import type Docker from "dockerode";
import type { Side } from "../../../engine/move";
import { type ContainerExecResult, execInContainer } from "../../../engine/runtime/docker/exec";
import { SshPool } from "../../../engine/runtime/ssh/pool";
import { until } from "../../lab/until";
import { localDocker } from "../../setup/localEngine";

const dataDirectory = "/var/lib/mysql";

/** The machine of a side's database, and the faults it can have. */
export class DatabaseHost {
  private readonly container: Docker.Container;
  private isFull = false;
  private isSkewed = false;

  constructor(
    readonly side: Side,
    private readonly id: string,
    private readonly ping: () => Promise<unknown>,
  ) {
    this.container = localDocker().getContainer(id);
  }

  /** Kills everything on it at once. */
  async kill(): Promise<void> {
    await this.container.kill();
  }

  /** Starts it again. When this returns, its server answers. */
  async start(): Promise<void> {
    await this.container.start();
    await this.awaitAnswer();
  }

  /** An orderly restart of the server. */
  async restart(): Promise<void> {
    if (this.side === "green") await this.container.restart({ t: 20 });
    else await this.run(["service", "mariadb", "restart"]);
    await this.awaitAnswer();
  }

  async pause(): Promise<void> {
    await this.container.pause();
  }

  async unpause(): Promise<void> {
    await this.container.unpause();
  }

  /** Fills the disk of its data completely. */
  async fillDisk(): Promise<void> {
    this.isFull = true;
    await this.run(["sh", "-c", `dd if=/dev/zero of=${dataDirectory}/filler bs=1M 2>/dev/null; true`]);
  }

  async freeDisk(): Promise<void> {
    await this.run(["rm", "-f", `${dataDirectory}/filler`]);
    this.isFull = false;
  }

  /** Shifts its server's clock by `seconds`. The change takes effect within a second. */
  async skewClock(seconds: number): Promise<void> {
    this.isSkewed = seconds !== 0;
    await this.run(["sh", "-c", `echo '${seconds < 0 ? "" : "+"}${seconds}' >/clock/offset`]);
  }

  async writeFile(path: string, text: string): Promise<void> {
    await this.run(["sh", "-c", 'printf "%s" "$1" >"$2"', "sh", text, path]);
  }

  async readFile(path: string): Promise<string> {
    return (await this.run(["cat", path])).stdout;
  }

  /** Undoes whatever was done to its container. */
  async mend(): Promise<void> {
    const { State } = await this.container.inspect();
    if (State.Paused) await this.unpause();
    else if (!State.Running) await this.container.start();
    if (this.isFull) await this.freeDisk();
    if (this.isSkewed) await this.skewClock(0);
    await this.awaitAnswer();
  }

  async awaitAnswer(): Promise<void> {
    await until(`${this.side}'s MariaDB answers`, () => this.ping().then(() => true), 30_000);
  }

  private run(command: string[]): Promise<ContainerExecResult> {
    return execInContainer({ container: this.id }, command, new SshPool(""), { user: "root" });
  }
}
