import type { Move } from "../context";
import { Gate } from "../gate/gate";
import { deriveSecret } from "../secrets";

/** The gate of a move. Close it. */
export function openGate(move: Move): Gate {
  return new Gate(move.spec.gate.admin, move.pool, {
    password: deriveSecret(move.secrets.masterSecret, "gate-admin"),
  });
}
