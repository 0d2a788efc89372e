import { WikiferryError } from "../../../../errors";
import { type Report, silent } from "../../../../progress";
import type { Server } from "../../../../runtime/mariadb/server";
import { positions } from "../../replication/status";
import { lastVerification } from "../record";
import { ContinuousVerification } from "./continuous";

export interface KeepVerifyingOptions {
  /** Interval at which it records and reports its progress, in milliseconds. Defaults to 5,000. */
  everyMs?: number;
  /** Ends it. */
  signal: AbortSignal;
  /** Whether `primary` still is the primary. If not, it ends. Defaults to yes. */
  stillPrimary?(): Promise<boolean>;
  report?: Report;
}

/**
 * Continues where the last verification ended: compares what changes, continuously, and records its progress on both
 * servers. Before a flip its only effect is that less is left to compare.
 * @throws `VERIFY_MISSING`, `VERIFY_MISMATCH`, `VERIFY_NOT_CONTINUED`
 */
export async function keepVerifying(
  primary: Server,
  replica: Server,
  database: string,
  { everyMs = 5_000, signal, stillPrimary = async () => true, report = silent }: KeepVerifyingOptions,
): Promise<void> {
  const last = await lastVerification(replica);
  if (!last?.ok) {
    throw new WikiferryError(
      last ? "VERIFY_MISMATCH" : "VERIFY_MISSING",
      last ? "the last comparison found differences" : "the two databases have never been compared",
      "Run `pulumi up --refresh`, which compares everything",
    );
  }
  const continuous = await ContinuousVerification.begin(primary, replica, database, last.gtid);
  try {
    while (!signal.aborted && (await stillPrimary())) {
      const now = (await positions(primary)).binlog;
      const reached = await continuous.upTo(now, everyMs);
      await continuous.record();
      if (continuous.stoppedBy) throw notContinued(continuous.verifiedTo, continuous.stoppedBy);
      report({
        step: "verify",
        message: `the same up to ${continuous.verifiedTo}, ${continuous.rows} changed rows compared${reached ? "" : `; the primary is at ${now}`}`,
      });
      await pause(everyMs, signal);
    }
  } finally {
    await continuous.record().catch(() => {});
    await continuous.end();
  }
}

function notContinued(gtid: string, why: string): WikiferryError {
  return new WikiferryError(
    "VERIFY_NOT_CONTINUED",
    `what changed after ${gtid} can't be compared: ${why}`,
    "The copy is unaffected. Before each flip everything is compared again",
  );
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done() {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
    signal.addEventListener("abort", done);
    if (signal.aborted) done();
  });
}
