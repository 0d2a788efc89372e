import type { Move } from "../context";
import { findPrimary } from "../mariadb/control/primary";
import { replicationStatus } from "../mariadb/replication/status";
import { lastVerification } from "../mariadb/verify/record";
import { verify } from "../mariadb/verify/verify";
import { otherSide, type Side } from "../move";
import type { Hold, HoldInputs } from "./hold";

interface Inputs extends HoldInputs {
  /** The wanted primary: a flip wants a fresh comparison before it. */
  before: Side;
}

interface Outputs {
  gtid: string;
  tables: number;
  rows: string;
}

async function compare(move: Move): Promise<Outputs> {
  const { side: primary } = await findPrimary(move);
  const { gtid, tables, rows } = await verify(
    move[primary],
    move[otherSide(primary)],
    move.spec.wiki.database,
    { report: move.report, tablePrefix: move.spec.wiki.tablePrefix, ...move.spec.verify },
  );
  return { gtid, tables, rows };
}

/** Both databases hold the same rows, compared as whole tables at one GTID. */
export const hold: Hold<Inputs, Outputs> = {
  create: compare,
  update: compare,
  stillHolds: (_inputs, { gtid }) => gtid !== "",
  async read({ blue, green, spec }, outputs) {
    const following = await Promise.all([replicationStatus(blue), replicationStatus(green)]);
    // Once nothing follows, there is nothing to compare any more.
    if (following.every((status) => status === undefined)) return outputs;
    const last = await lastVerification(green);
    const fresh = last?.ok && last.ageMs <= spec.cutover.verificationMaxAgeMs;
    // Without a GTID it does not hold: the next update compares anew.
    return { gtid: fresh ? last.gtid : "", tables: last?.tables ?? 0, rows: last?.rows ?? "0" };
  },
  async remove() {},
};
