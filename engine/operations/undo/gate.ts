import { WikiferryError } from "../../errors";
import type { MoveSession } from "../../session";
import { openGate } from "../openGate";

/** Everything goes to blue, and nothing is held. Before phase switch there is no gate, and nothing to turn. */
export async function turnToBlue(move: MoveSession): Promise<void> {
  const gate = openGate(move);
  try {
    await gate.turn("blue");
  } catch (error) {
    if (!(error instanceof WikiferryError) || error.code !== "GATE_UNREACHABLE") throw error;
  } finally {
    gate.close();
  }
}
