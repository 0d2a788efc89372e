import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { journalOn } from "../control/mariadb/openJournal";
import type { CutoverLimits, DatabaseSide, VerifyWishes } from "../move";
import type { CutoverContext } from "../movers/mariadb/cutover/context";
import { VerificationTail } from "../movers/mariadb/verify/continuous/tail";
import { deriveSecret } from "../secrets";
import type { MoveSession } from "../session";
import { blockersOf, type GuardrailsSpec } from "./guardrails";
import { type GateSpec, openGate } from "./openGate";
import { type SurroundingsSpec, WikiControls } from "./wikiControls";

export type FlipSpec = GateSpec &
  SurroundingsSpec &
  GuardrailsSpec & {
    blue: { database: DatabaseSide };
    green: { database: DatabaseSide };
    cutover: CutoverLimits;
    verify: Pick<VerifyWishes, "pauseMs">;
  };

/** Runs `act` with everything that a flip of this wiki uses. */
export async function withCutover<T>(
  move: MoveSession<FlipSpec>,
  act: (ctx: CutoverContext) => Promise<T>,
): Promise<T> {
  const { spec, secrets, blue, green } = move;
  const gate = openGate(move);
  const controls = new WikiControls(move, gate);
  const servers = { blue, green };
  const verification = new VerificationTail(servers, spec.wiki.database, {
    pauseMs: spec.verify.pauseMs,
    report: move.report,
  });
  const holder = `${hostname()}:${process.pid}:${randomBytes(4).toString("hex")}`;
  try {
    return await act({
      servers,
      database: spec.wiki.database,
      appUser: spec.wiki.appUser,
      replicationPassword: deriveSecret(secrets.masterSecret, "mariadb-replication"),
      limits: spec.cutover,
      controls,
      verification,
      journal: journalOn(green),
      holder,
      report: move.report,
      findBlockers: blockersOf(move, holder),
    });
  } finally {
    await verification.end();
    controls.close();
    gate.close();
  }
}
