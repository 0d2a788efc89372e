import { setTimeout as sleep } from "node:timers/promises";
import { WikiferryError } from "../../../../errors";
import type { Server } from "../../../../runtime/mariadb/server";
import { deriveSecret } from "../../../../secrets";
import { changeMaster, stopFollowing } from "../../replication/follow";
import { contains } from "../../replication/gtid";
import { positions, replicationStatus } from "../../replication/status";
import type { CopyContext } from "../context";

/** A stream that applies nothing for this long is given up, in milliseconds. */
const standstillMs = 60_000;

/** How far green applies blue's stream, and which tables it skips meanwhile. */
export interface Stage {
  until: string;
  /** Tables that were copied completely at `until` or later. */
  without: string[];
}

/**
 * Lets green apply blue's stream in stages. An existing row is overwritten, and a missing one stays missing
 * (`slave_exec_mode = IDEMPOTENT`): where a table's rows were copied from several states, some rows are newer than the
 * stream. Afterwards the mode is STRICT and nothing is skipped, for good.
 * https://mariadb.com/kb/en/replication-and-binary-log-system-variables/#slave_exec_mode
 */
export async function applyStream(ctx: CopyContext, stages: readonly Stage[]): Promise<void> {
  const { blue, green, secrets, spec, report } = ctx;
  const session = await green.sessionWithoutBinlog();
  await stopFollowing(green);
  try {
    for (const { until, without } of stages) {
      if (contains((await positions(green)).applied, until)) continue;
      report({ step: "copy", message: `applying what blue wrote meanwhile, up to ${until}` });
      await ignore(ctx, without);
      await changeMaster(green, blue, deriveSecret(secrets.masterSecret, "mariadb-replication"));
      await session.run("SET GLOBAL slave_exec_mode = 'IDEMPOTENT'");
      await session.run("START SLAVE UNTIL master_gtid_pos = ?", [until]);
      await untilApplied(green, until);
      await stopFollowing(green);
    }
  } finally {
    await stopFollowing(green);
    await session.run("SET GLOBAL slave_exec_mode = 'STRICT'");
    await ignore(ctx, []);
  }

  async function ignore(_ctx: CopyContext, tables: readonly string[]): Promise<void> {
    const names = tables.map((table) => `${spec.wiki.database}.${table}`).join(",");
    if ((await session.value("SELECT @@GLOBAL.replicate_ignore_table")) !== names)
      await session.run("SET GLOBAL replicate_ignore_table = ?", [names]);
  }
}

async function untilApplied(green: Server, end: string): Promise<void> {
  let newest = "";
  let newestAt = performance.now();
  for (;;) {
    // The status first: the receiving thread ends by itself once it has everything up to `end`, the applying one after
    // it.
    const status = await replicationStatus(green);
    const { applied } = await positions(green);
    if (contains(applied, end)) return;
    if (applied !== newest) {
      newest = applied;
      newestAt = performance.now();
    }
    const stopped = status !== undefined && (status.sqlError.number !== 0 || !status.sql);
    const refused = status !== undefined && status.io === "no" && status.ioError.number !== 0;
    // A long stream may take its time, but one that stands still may not.
    if (stopped || refused || performance.now() > newestAt + standstillMs) {
      throw new WikiferryError(
        status?.cause ?? "REPL_STOPPED",
        `green did not follow blue up to ${end}; it stands at ${applied} (${status?.sqlError.message || status?.ioError.message || `no progress for ${standstillMs / 1000} s`})`,
        "See the reason, then run again",
      );
    }
    await sleep(50);
  }
}
