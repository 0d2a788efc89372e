import type { MoveSpec } from "../move";
import { deriveSecret } from "../secrets";
import type { EngineSession } from "../session";
import { Gate } from "../traffic/gate/gate";

export interface GateSpec {
  gate: Pick<MoveSpec["gate"], "admin">;
}

/** The gate of a move. Close it. */
export function openGate(move: EngineSession<GateSpec>): Gate {
  return new Gate(move.spec.gate.admin, move.pool, {
    password: deriveSecret(move.secrets.masterSecret, "gate-admin"),
  });
}
