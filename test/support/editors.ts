import { copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import mysql, { type Connection } from "mysql2/promise";
import type { Side } from "../../engine/move";
import type { Controls } from "../../engine/movers/mariadb/cutover/controls";
import type { FollowingPair } from "./followingPair";

/**
 * Writers with the wiki's account. Each sends its writes to the side to which it is routed, waits while writes are
 * held, and remembers what was acknowledged. As controls of a flip they are gate, job runner and uploads in one:
 * every tenth write brings a file.
 */
export class Editors implements Controls {
  routed: Side = "blue";
  jobs: Side | "none" = "blue";
  /** Tokens of acknowledged writes, and the files that came with them. */
  readonly acknowledged = new Set<string>();
  readonly uploaded = new Set<string>();
  /** Writes that got an error: they may exist or not, but not twice. */
  readonly failed: string[] = [];
  /** When each write was acknowledged, and by whom. */
  readonly acknowledgements: { at: number; side: Side }[] = [];
  private held: { promise: Promise<void>; release: () => void } | undefined;
  private inFlight = 0;
  private count = 0;
  private running: Promise<void>[] = [];
  private stopped = false;

  private constructor(
    private readonly pair: FollowingPair,
    private readonly directory: string,
  ) {}

  static async start(pair: FollowingPair, options: { writers: number; perSecond: number }): Promise<Editors> {
    const editors = new Editors(pair, await mkdtemp(join(tmpdir(), "wikiferry-uploads-")));
    for (const side of ["blue", "green"] as const) await mkdir(join(editors.directory, side));
    const everyMs = (1_000 * options.writers) / options.perSecond;
    for (let writer = 0; writer < options.writers; writer++)
      editors.running.push(editors.write(writer, everyMs));
    return editors;
  }

  get isHeld(): boolean {
    return this.held !== undefined;
  }

  /** Waits until `more` further writes have been acknowledged. */
  async acknowledges(more: number, timeoutMs = 20_000): Promise<void> {
    const wanted = this.acknowledged.size + more;
    const end = performance.now() + timeoutMs;
    while (this.acknowledged.size < wanted) {
      if (performance.now() > end)
        throw new Error(
          `only ${more - wanted + this.acknowledged.size} of ${more} writes in ${timeoutMs} ms`,
        );
      await sleep(10);
    }
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.release();
    await Promise.all(this.running);
    await rm(this.directory, { recursive: true });
  }

  /** Acknowledged writes and files that `side` lacks, and writes that it has twice. */
  async compare(side: Side): Promise<{ lost: string[]; doubled: string[]; lostFiles: string[] }> {
    const acknowledged = [...this.acknowledged];
    const uploaded = [...this.uploaded];
    const rows = await this.pair[side].rows<{ token: string; n: string | number }>(
      "SELECT token, COUNT(*) AS n FROM ??.edit GROUP BY token",
      [this.pair.database],
    );
    const found = new Map(rows.map((row) => [row.token, Number(row.n)]));
    const files = new Set(await readdir(join(this.directory, side)));
    return {
      lost: acknowledged.filter((token) => !found.has(token)),
      doubled: [...found].filter(([, n]) => n > 1).map(([token]) => token),
      lostFiles: uploaded.filter((file) => !files.has(file)),
    };
  }

  private async write(writer: number, everyMs: number): Promise<void> {
    const open: Partial<Record<Side, Connection>> = {};
    while (!this.stopped) {
      const began = performance.now();
      while (this.held) await this.held.promise;
      if (this.stopped) break;
      const side = this.routed;
      const token = `${writer}-${this.count++}`;
      this.inFlight++;
      try {
        open[side] ??= await this.connect(side);
        const connection = open[side];
        const file = this.count % 10 === 0 ? `${token}.png` : undefined;
        if (file) await writeFile(join(this.directory, side, file), token);
        await connection.query("START TRANSACTION");
        await connection.query("INSERT INTO edit (token) VALUES (?)", [token]);
        await connection.query("UPDATE counter SET n = n + 1 WHERE id = ?", [writer]);
        await connection.query("COMMIT");
        this.acknowledged.add(token);
        if (file) this.uploaded.add(file);
        this.acknowledgements.push({ at: performance.now(), side });
      } catch {
        this.failed.push(token);
        open[side]?.destroy();
        open[side] = undefined;
        await sleep(20);
      } finally {
        this.inFlight--;
      }
      const restMs = everyMs - (performance.now() - began);
      if (restMs > 0) await sleep(restMs);
    }
    for (const connection of Object.values(open)) connection.destroy();
  }

  private async connect(side: Side): Promise<Connection> {
    const stream = await this.pair.pool.stream(this.pair[side].place.admin);
    stream.once("end", () => stream.destroy());
    const connection = await mysql.createConnection({
      stream,
      user: "wikiuser",
      password: this.pair.secrets.appPassword,
      database: this.pair.database,
      connectTimeout: 20_000,
    });
    connection.on("error", () => {});
    return connection;
  }

  async quiesce(from: Side): Promise<void> {
    if (this.jobs === from) this.jobs = "none";
  }

  async hold(): Promise<void> {
    if (this.held) return;
    let release = () => {};
    const promise = new Promise<void>((resolve) => (release = resolve));
    this.held = { promise, release };
  }

  async drain(timeoutMs: number): Promise<number> {
    const end = performance.now() + timeoutMs;
    while (this.inFlight > 0 && performance.now() < end) await sleep(1);
    return this.inFlight;
  }

  async lastFiles(from: Side, to: Side): Promise<void> {
    const [source, target] = [join(this.directory, from), join(this.directory, to)];
    const there = new Set(await readdir(target));
    for (const file of await readdir(source))
      if (!there.has(file)) await copyFile(join(source, file), join(target, file));
  }

  async awaitWritable(side: Side, timeoutMs: number): Promise<void> {
    const end = performance.now() + timeoutMs;
    for (;;) {
      try {
        const connection = await this.connect(side);
        try {
          await connection.query("UPDATE counter SET n = n WHERE id = 0");
          return;
        } finally {
          connection.destroy();
        }
      } catch (error) {
        if (performance.now() > end) throw error;
        await sleep(10);
      }
    }
  }

  async turn(side: Side): Promise<void> {
    this.routed = side;
    await this.release();
  }

  async release(): Promise<void> {
    const held = this.held;
    this.held = undefined;
    held?.release();
  }

  async resume(side: Side): Promise<void> {
    this.jobs = side;
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
