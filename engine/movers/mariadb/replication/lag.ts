import { setTimeout as sleep } from "node:timers/promises";
import { WikiferryError } from "../../../errors";
import type { Server, Session } from "../../../runtime/mariadb/server";
import { reaches, waitForGtid } from "./follow";

/**
 * The lag that gates a flip. A heartbeat row is committed on the primary, and the time until the replica has applied
 * that transaction is measured by the clock of the tool's machine. This tests the whole stream from end to end, does
 * not depend on the servers' clocks, and is an upper bound, because it includes a round trip from the tool to each
 * server.
 */

/** Interval between two heartbeats, in milliseconds. */
export const beatIntervalMs = 250;

/** How long one heartbeat may take, in milliseconds. A replica further behind has at least this lag. */
export const beatTimeoutMs = 5_000;

/** How long the replica's shared session waits before it is freed for others, in milliseconds. */
const promptMs = 100;

/**
 * One heartbeat. A session is opened only for a slow replica: next to a flip the handshake is noticeable.
 * @returns The lag in milliseconds; `Infinity` when the replica did not get there within `timeoutMs`.
 */
export async function measureLagMs(
  primary: Server,
  replica: Server,
  timeoutMs = beatTimeoutMs,
): Promise<number> {
  const shared = await replica.session();
  const gtid = await writeBeat(await primary.session());
  const at = performance.now();
  if (await reaches(shared.promptly, gtid, Math.min(promptMs, timeoutMs))) return performance.now() - at;
  const leftMs = Math.max(timeoutMs - (performance.now() - at), 0);
  return (await waitForGtid(replica, gtid, leftMs)) ? performance.now() - at : Number.POSITIVE_INFINITY;
}

/**
 * Commits one heartbeat on the primary: its number and the server's time.
 * @returns its transaction
 * @throws `CTRL_HEARTBEAT_MISSING` also when the record names the other side
 */
export async function writeBeat(primary: Session): Promise<string> {
  const { side } = primary;
  // A run that was frozen and continues after another run's flip would write on what is now the replica.
  const [rows] = await primary.resultSets(
    `BEGIN NOT ATOMIC
     UPDATE wikiferry.heartbeat h LEFT JOIN wikiferry.role r ON r.id = 1
        SET h.side = ?, h.beat = h.beat + 1, h.beat_at = UTC_TIMESTAMP(6)
      WHERE h.id = 1 AND (r.role IS NULL OR r.role = ?);
     SELECT ROW_COUNT() AS changed, @@last_gtid AS gtid;
     END`,
    [side, side],
  );
  const written = rows?.[0];
  if (Number(written?.changed) !== 1) {
    throw new WikiferryError(
      "CTRL_HEARTBEAT_MISSING",
      `${side} has no heartbeat row in the schema wikiferry, or its record names the other side`,
      "Run `pulumi up` again; in phase sync it creates the row",
    );
  }
  return String(written?.gtid);
}

/** Beats on the primary until stopped, and knows how long the lag has been small. */
export class Heartbeat {
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;
  private samples: { at: number; lagMs: number }[] = [];
  private failure: unknown;

  /** @param intervalMs Between two beats, in milliseconds. */
  constructor(
    private readonly primary: Server,
    private readonly replica: Server,
    private readonly intervalMs = beatIntervalMs,
  ) {}

  start(): void {
    this.running ??= this.loop();
  }

  /**
   * Ends the beats. When this returns none is under way, so the primary's position can stand still. Call it before the
   * fence.
   */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  /** The newest lag in milliseconds; undefined before the first beat. @throws what ended the beats */
  get lagMs(): number | undefined {
    if (this.failure) throw this.failure;
    return this.samples.at(-1)?.lagMs;
  }

  /**
   * How long every beat has stayed at or below `maxLagMs`, in milliseconds, up to the newest beat.
   * @throws what ended the beats
   */
  stableMs(maxLagMs: number): number {
    if (this.failure) throw this.failure;
    return stableMs(this.samples, maxLagMs);
  }

  private async loop(): Promise<void> {
    const { signal } = this.stopping;
    try {
      while (!signal.aborted) {
        const at = performance.now();
        const lagMs = await measureLagMs(this.primary, this.replica);
        this.samples.push({ at: performance.now(), lagMs });
        if (this.samples.length > 10_000) this.samples = this.samples.slice(-5_000);
        const restMs = this.intervalMs - (performance.now() - at);
        if (restMs > 0) await sleep(restMs, undefined, { signal }).catch(() => {});
      }
    } catch (error) {
      this.failure = error;
    }
  }
}

/** From the first sample of the final unbroken run of small lags to the newest sample, in milliseconds. */
export function stableMs(samples: readonly { at: number; lagMs: number }[], maxLagMs: number): number {
  const newest = samples.at(-1);
  if (!newest || newest.lagMs > maxLagMs) return 0;
  const lastBad = samples.findLastIndex((sample) => sample.lagMs > maxLagMs);
  return newest.at - (samples[lastBad + 1] ?? newest).at;
}
