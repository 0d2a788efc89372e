import { messageOf } from "../../../../errors";
import type { Side } from "../../../../move";
import { type Report, silent } from "../../../../progress";
import type { Server } from "../../../../runtime/mariadb/server";
import type { FlipVerification, Verified } from "../../cutover/flipVerification";
import { positions } from "../../replication/status";
import { lastVerification } from "../record";
import { ContinuousVerification } from "./continuous";

/** How long writing the record may take when a flip is over, in milliseconds. */
const recordMs = 4_000;

export interface TailOptions {
  /** How long writes may wait for it, in milliseconds. Defaults to 20. */
  pauseMs?: number;
  /** How long it may take to catch up before a flip, in milliseconds. Defaults to 60,000. */
  approachMs?: number;
  report?: Report;
}

/**
 * Compares what changes between the last verification and the fence of a flip. The flip's result says why it is
 * incomplete, if it is. Only a difference prevents the flip.
 */
export class VerificationTail implements FlipVerification {
  private under: ContinuousVerification | undefined;
  private sides: Server[] = [];
  private after = "";
  /** Why it is incomplete, once that is known; empty if it is complete. */
  private finishing: Promise<string> | undefined;
  /** Why no comparison is under way. */
  private why = "it was not started";

  constructor(
    private readonly servers: Record<Side, Server>,
    private readonly database: string,
    private readonly options: TailOptions = {},
  ) {}

  async begin(from: Side, to: Side): Promise<void> {
    await this.end();
    this.sides = [this.servers[from], this.servers[to]];
    this.finishing = undefined;
    try {
      const last = await lastVerification(this.servers[to]);
      if (!last?.ok) {
        this.why = "there is no comparison to continue from";
        return;
      }
      this.after = last.gtid;
      this.under = await ContinuousVerification.begin(
        this.servers[from],
        this.servers[to],
        this.database,
        last.gtid,
      );
    } catch (error) {
      this.why = messageOf(error);
    }
  }

  async approach(): Promise<void> {
    const { approachMs = 60_000, report = silent } = this.options;
    const [primary] = this.sides;
    if (!this.under || !primary) return;
    const now = (await positions(primary)).binlog;
    const reached = await this.under.upTo(now, approachMs);
    report({
      step: "verify",
      message: reached
        ? `what has changed since the last comparison is the same up to ${this.under.verifiedTo}`
        : `what has changed since the last comparison is compared up to ${this.under.verifiedTo} only`,
    });
  }

  rest(): void {
    this.under?.rest();
  }

  finish(gtid: string): void {
    if (!this.under) return;
    this.finishing = this.under.finish(gtid);
    // Whoever asks for the outcome gets this error.
    this.finishing.catch(() => {});
  }

  async outcome(): Promise<Verified> {
    const { under, finishing } = this;
    if (!under || !finishing)
      return { to: this.after, complete: false, why: this.why, rows: 0, ms: 0, addedMs: 0 };
    const { pauseMs = 20 } = this.options;
    const start = performance.now();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<string>((resolve) => {
      timer = setTimeout(() => resolve(`writes had waited ${pauseMs} ms for it`), pauseMs);
    });
    try {
      const why = await Promise.race([finishing, late]);
      const addedMs = Math.round((performance.now() - start) * 10) / 10;
      return { to: under.verifiedTo, complete: why === "", why, rows: under.rows, ms: under.restMs, addedMs };
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends what is under way and records how far it got. Never throws. */
  async end(): Promise<void> {
    const { under } = this;
    if (!under) return;
    this.under = undefined;
    under.rest();
    // A server that hangs must not delay the end of a flip.
    await Promise.race([
      under.record().catch(() => {}),
      new Promise((resolve) => setTimeout(resolve, recordMs)),
    ]);
    await under.end().catch(() => {});
  }
}
