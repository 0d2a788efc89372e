import type Docker from "dockerode";
import { until } from "../../lab/until";

/** The gate's container, and the faults it can have. */
export class GateHost {
  constructor(
    private readonly container: Docker.Container,
    private readonly ping: () => Promise<unknown>,
  ) {}

  /** HAProxy's master replaces its worker. */
  async reload(): Promise<void> {
    await this.container.kill({ signal: "SIGUSR2" });
  }

  async kill(): Promise<void> {
    await this.container.kill();
  }

  async start(): Promise<void> {
    await this.container.start();
    await this.awaitAnswer();
  }

  async mend(): Promise<void> {
    if (!(await this.container.inspect()).State.Running) await this.container.start();
    await this.awaitAnswer();
  }

  private async awaitAnswer(): Promise<void> {
    await until("the gate answers", () => this.ping().then(() => true), 20_000);
  }
}
