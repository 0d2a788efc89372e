import { type Agent, type IncomingHttpHeaders, request } from "node:http";
import { SshPool } from "../../engine/runtime/ssh/pool";
import { Gate } from "../../engine/traffic/gate/gate";
import { gateContainer } from "../../scripts/lab/gateContainer";
import { DockerWorld, type RunningContainer } from "./dockerWorld";
import { testImage } from "./image";
import { until } from "./until";
import { Upstream } from "./upstream";

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
  ms: number;
}

export interface Question {
  headers?: Record<string, string>;
  body?: Buffer;
  agent?: Agent;
  port?: number;
}

export const adminPassword = "a9F".repeat(12);

/** Patient, because other tests use the machine, too. */
export const gateAt = (port: number, pool: SshPool, password = adminPassword): Gate =>
  new Gate({ host: "127.0.0.1", port }, pool, { password, timeoutMs: 10_000 });

/** A gate's container in a test, and the connections to it. */
export class TestGate {
  private constructor(
    readonly running: RunningContainer,
    readonly pool: SshPool,
    /** Of HTTP, on 127.0.0.1. */
    public port: number,
    public admin: Gate,
  ) {}

  static async open(running: RunningContainer, pool: SshPool): Promise<TestGate> {
    let ended: Error | undefined;
    const end = running.container.wait().then(async () => {
      ended = new Error(`the gate ended: ${await running.logs()}`);
    });
    // At the end of a test its container is removed, and its logs with it.
    end.catch(() => {});
    const admin = gateAt(await running.port(9999), pool);
    await until("the gate, or its end", async () => ended !== undefined || (await admin.state()));
    if (ended === undefined) return new TestGate(running, pool, await running.port(8080), admin);
    admin.close();
    throw ended;
  }

  /**
   * Makes HAProxy reload. Returns when the new worker answers. Sends the signal again every 3 s, because a master that
   * is about to start waiting, after a start or another reload, ignores SIGUSR2 (haproxy.c, mworker_reexec_waitmode).
   */
  async reload(): Promise<void> {
    const before = await this.admin.state();
    let toldAt = Number.NEGATIVE_INFINITY;
    await until("a new worker", async () => {
      if (performance.now() - toldAt > 3_000) {
        await this.running.container.kill({ signal: "SIGUSR2" });
        toldAt = performance.now();
      }
      return (await this.admin.state()).pid !== before.pid;
    });
  }

  /** After a restart of the container its published ports have changed. */
  async reopen(password = adminPassword): Promise<void> {
    this.admin.close();
    this.port = await this.running.port(8080);
    this.admin = gateAt(await this.running.port(9999), this.pool, password);
    await until("the gate", () => this.admin.state());
  }

  async held(count: number): Promise<void> {
    await until(`${count} held`, async () => (await this.admin.state()).held === count);
  }

  ask(method: string, path: string, options: Question = {}): Promise<Answer> {
    return askAt(options.port ?? this.port, method, path, options);
  }
}

/** Two upstreams and any number of gates in front of them. */
export class GateWorld {
  readonly docker = new DockerWorld();
  readonly pool = new SshPool("");
  readonly blue: Upstream;
  readonly green = new Upstream("green");
  /** `host:port` of each side as the gate's container reaches it. */
  readonly addresses = { blue: "", green: "" };
  private readonly gates: TestGate[] = [];
  private network = { name: "", hostAddress: "" };

  constructor(options: { blueTls?: { cert: string; key: string } } = {}) {
    this.blue = new Upstream("blue", options.blueTls);
  }

  async open(): Promise<void> {
    this.network = await this.docker.network();
    const { hostAddress } = this.network;
    this.addresses.blue = `${hostAddress}:${await this.blue.listen(hostAddress)}`;
    this.addresses.green = `${hostAddress}:${await this.green.listen(hostAddress)}`;
  }

  /** A gate as it runs in a move: read-only root, no capabilities, its state on a separate volume. */
  async gate(what: string, env: string[] = []): Promise<TestGate> {
    const made = gateContainer({
      network: this.network.name,
      ...this.addresses,
      adminPassword,
      volume: await this.docker.volume(what),
    });
    const running = await this.docker.run(
      what,
      await testImage("gate"),
      {
        Env: [...made.Env, ...env],
        HostConfig: { ...made.HostConfig, SecurityOpt: ["no-new-privileges"], CapDrop: ["ALL"] },
      },
      [8080, 9999],
    );
    const gate = await TestGate.open(running, this.pool);
    this.gates.push(gate);
    return gate;
  }

  get networkName(): string {
    return this.network.name;
  }

  /** A gate as the stack creates it: without settings until `settle` has given it some. */
  async waitingGate(
    what: string,
    settle: (running: RunningContainer) => Promise<unknown>,
  ): Promise<TestGate> {
    const made = gateContainer({
      network: this.network.name,
      ...this.addresses,
      adminPassword,
      volume: await this.docker.volume(what),
    });
    const hardened = { SecurityOpt: ["no-new-privileges"], CapDrop: ["ALL"] };
    const HostConfig = { ...made.HostConfig, ...hardened };
    const running = await this.docker.run(what, await testImage("gate"), { HostConfig }, [8080, 9999]);
    await settle(running);
    const gate = await TestGate.open(running, this.pool);
    this.gates.push(gate);
    return gate;
  }

  async bothUp(gate: TestGate): Promise<void> {
    await until("both sides up", async () => {
      const up = await gate.admin.health();
      return up.blue && up.green;
    });
  }

  async close(): Promise<void> {
    for (const gate of this.gates) gate.admin.close();
    await this.docker.close();
    await this.blue.close();
    await this.green.close();
  }
}

function askAt(port: number, method: string, path: string, options: Question): Promise<Answer> {
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", method, path, ...options, port }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
          ms: performance.now() - started,
        }),
      );
    });
    sent.on("error", reject);
    sent.end(options.body);
  });
}
