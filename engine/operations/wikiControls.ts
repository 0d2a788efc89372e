import { type JobsSpec, startJobs, stopJobs } from "../apps/mediawiki/jobs";
import { type WebSpec, type WebTier, webOf } from "../apps/mediawiki/webTier";
import { type CutoverLimits, type MoveSpec, otherSide, type Side } from "../move";
import { Uploads, type UploadsSpec } from "../movers/files/uploads";
import type { Controls } from "../movers/mariadb/cutover/controls";
import { RedisInstance } from "../movers/redis/instance";
import { deriveSecret } from "../secrets";
import type { MoveSession, WithDatabases } from "../session";
import type { Gate } from "../traffic/gate/gate";

export type SurroundingsSpec = WithDatabases &
  JobsSpec &
  WebSpec &
  UploadsOfSpec & {
    blue: { web: Pick<MoveSpec["blue"]["web"], "refreshCaches"> };
    green: Pick<MoveSpec["green"], "redis">;
    cutover: Pick<CutoverLimits, "attemptMs">;
  };

/** What is around the databases of a moving wiki: gate, jobs, caches, uploads. Close it. */
export class WikiControls implements Controls {
  private readonly uploads: Uploads;
  private readonly web: Record<Side, WebTier>;

  constructor(
    private readonly move: MoveSession<SurroundingsSpec>,
    private readonly gate: Gate,
  ) {
    this.uploads = uploadsOf(move);
    this.web = { blue: webOf(move, "blue"), green: webOf(move, "green") };
  }

  async quiesce(from: Side, to: Side): Promise<void> {
    await this.gate.setViews(from, 0);
    await Promise.all([
      stopJobs(this.move, from),
      this.forgetCaches(to).then(() => this.web[to].warm()),
      this.uploads.settle(from),
    ]);
  }

  async hold(): Promise<void> {
    await this.uploads.approach((await this.gate.state()).primary);
    // Longer than an attempt may last. A crashed tool does not leave the wiki without writes.
    await this.gate.hold(this.move.spec.cutover.attemptMs + 2_000);
  }

  drain(timeoutMs: number): Promise<number> {
    return this.gate.drain(timeoutMs);
  }

  async lastFiles(from: Side): Promise<void> {
    await this.uploads.catchUp(from);
  }

  async awaitWritable(side: Side, timeoutMs: number): Promise<void> {
    await this.web[side].awaitWritable(timeoutMs);
  }

  async turn(side: Side): Promise<void> {
    await this.gate.turn(side);
  }

  async release(): Promise<void> {
    await this.gate.release();
  }

  async resume(side: Side): Promise<void> {
    await Promise.all([
      stopJobs(this.move, otherSide(side)).then(() => startJobs(this.move, side)),
      this.uploads.resume(side),
    ]);
  }

  close(): void {
    this.uploads.letGo();
    this.web.blue.close();
    this.web.green.close();
  }

  /** What a side cached while the other was written to is stale. It must not be served once this side is primary. */
  private async forgetCaches(side: Side): Promise<void> {
    const { spec, pool, secrets } = this.move;
    if (side === "blue") {
      await (await pool.to(spec.blue.web.ssh)).run(spec.blue.web.refreshCaches);
      return;
    }
    const password = deriveSecret(secrets.masterSecret, "redis");
    const { cache, sessions } = spec.green.redis;
    await Promise.all([cache, sessions].map((place) => new RedisInstance(place, password, pool).flush()));
  }
}

export type UploadsOfSpec = WithDatabases & UploadsSpec & { wiki: Pick<MoveSpec["wiki"], "hashedUploads"> };

export function uploadsOf(move: MoveSession<UploadsOfSpec>): Uploads {
  return new Uploads(move, { hashed: move.spec.wiki.hashedUploads });
}
