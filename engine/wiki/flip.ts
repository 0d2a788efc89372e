import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import type { Move } from "../context";
import type { CutoverContext } from "../mariadb/cutover/context";
import { VerificationTail } from "../mariadb/verify/continuous/tail";
import type { CutoverLimits, DatabaseSide, VerifyWishes } from "../move";
import { deriveSecret } from "../secrets";
import { type GateSpec, openGate } from "./gate";
import { blockersOf, type GuardrailsSpec } from "./guardrails";
import { journalOn } from "./journal";
import { type SurroundingsSpec, WikiSurroundings } from "./surroundings";

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
  move: Move<FlipSpec>,
  act: (ctx: CutoverContext) => Promise<T>,
): Promise<T> {
  const { spec, secrets, blue, green } = move;
  const gate = openGate(move);
  const surroundings = new WikiSurroundings(move, gate);
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
      surroundings,
      verification,
      journal: journalOn(green),
      holder,
      report: move.report,
      findBlockers: blockersOf(move, holder),
    });
  } finally {
    await verification.end();
    surroundings.close();
    gate.close();
  }
}
