import { setTimeout as sleep } from "node:timers/promises";
import mysql, { type Connection } from "mysql2/promise";
import type { Side } from "../../../engine/move";
import type { Sample } from "../spans";

/** Interval between the beginnings of two samples of a side, in milliseconds. */
const everyMs = 20;
/** A server that takes longer than this for a sample counts as down, in milliseconds. */
const answerMs = 500;

/**
 * Checks every 20 ms, over a separate connection, whether a side's server takes the wiki's writes. It writes nothing.
 */
export class Probe {
  samples: Sample[] = [];
  private running: Promise<void> | undefined;
  private stopped = false;

  constructor(
    readonly side: Side,
    private readonly place: { host: string; user: string; password: string },
  ) {}

  start(): void {
    this.running = this.look();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  /** Forgets all samples except the newest. */
  forget(): void {
    this.samples = this.samples.slice(-1);
  }

  get newest(): Sample | undefined {
    return this.samples.at(-1);
  }

  private async look(): Promise<void> {
    let connection: Connection | undefined;
    while (!this.stopped) {
      const begin = performance.now();
      try {
        connection ??= await this.connect();
        const [rows] = await connection.query({
          sql: "SELECT @@GLOBAL.read_only AS closed, role, epoch FROM wikiferry.role WHERE id = 1",
          timeout: answerMs,
        });
        const row = (rows as { closed: number | string; role: Side; epoch: number | string }[])[0];
        this.samples.push({
          side: this.side,
          begin,
          end: performance.now(),
          up: true,
          open: Number(row?.closed) === 0,
          role: row?.role,
          epoch: Number(row?.epoch ?? 0),
        });
      } catch {
        connection?.destroy();
        connection = undefined;
        this.samples.push({ side: this.side, begin, end: performance.now(), up: false, open: false });
      }
      const restMs = everyMs - (performance.now() - begin);
      if (restMs > 0) await sleep(restMs);
    }
    connection?.destroy();
  }

  private async connect(): Promise<Connection> {
    const connection = await mysql.createConnection({ ...this.place, connectTimeout: answerMs });
    connection.on("error", () => {});
    return connection;
  }
}
