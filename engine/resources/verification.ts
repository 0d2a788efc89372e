import { findPrimary } from "../control/mariadb/primary";
import { type MoveSpec, otherSide, type Side } from "../move";
import { replicationStatus } from "../movers/mariadb/replication/status";
import { lastVerification } from "../movers/mariadb/verify/record";
import { verify } from "../movers/mariadb/verify/verify";
import { type MoveSession, openMoveSession } from "../session";
import { databaseAccess, pick } from "../slice";
import type { ResourceHandler } from "./handler";

const slice = (spec: MoveSpec) => ({
  ...databaseAccess(spec),
  wiki: pick(spec.wiki, "database", "tablePrefix"),
  verify: pick(spec.verify, "sessions", "repair"),
  cutover: pick(spec.cutover, "verificationMaxAgeMs"),
});

type Session = MoveSession<ReturnType<typeof slice>>;

interface Inputs {
  /** The wanted primary: a flip requires a fresh comparison before it. */
  before: Side;
}

interface Outputs {
  gtid: string;
  tables: number;
  rows: string;
}

async function compare(session: Session): Promise<Outputs> {
  const { spec, report } = session;
  const { side: primary } = await findPrimary(session);
  const { gtid, tables, rows } = await verify(
    session[primary],
    session[otherSide(primary)],
    spec.wiki.database,
    { report, tablePrefix: spec.wiki.tablePrefix, ...spec.verify },
  );
  return { gtid, tables, rows };
}

/** Both databases hold the same rows, compared as whole tables at one GTID. */
export const handler: ResourceHandler<Session, Inputs, Outputs> = {
  slice,
  open: openMoveSession,
  create: compare,
  update: compare,
  stillHolds: (_inputs, { gtid }) => gtid !== "",
  async read({ blue, green, spec }, outputs) {
    const following = await Promise.all([replicationStatus(blue), replicationStatus(green)]);
    // Once nothing follows, there is nothing left to compare.
    if (following.every((status) => status === undefined)) return outputs;
    const last = await lastVerification(green);
    const fresh = last?.ok && last.ageMs <= spec.cutover.verificationMaxAgeMs;
    // Without a GTID it does not hold: the next update compares again.
    return { gtid: fresh ? last.gtid : "", tables: last?.tables ?? 0, rows: last?.rows ?? "0" };
  },
  async remove() {},
};
