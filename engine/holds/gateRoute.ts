import type { Move } from "../context";
import type { Side } from "../move";
import { openGate } from "../wiki/gate";
import type { Hold, HoldInputs } from "./hold";

interface Inputs extends HoldInputs {
  /** The primary's side; a flip takes the page views off the other, so they are split again after it. */
  active: Side;
  /** Per cent of page views for the passive side, 0 to 100. */
  canary: number;
}

interface Outputs {
  primary: Side;
  canary: number;
}

async function split(move: Move, { canary }: Inputs): Promise<Outputs> {
  const gate = openGate(move);
  try {
    const { primary } = await gate.state();
    const state = await gate.setViews(primary, canary);
    return { primary: state.primary, canary: state.canary };
  } finally {
    gate.close();
  }
}

/** How the gate splits page views. Who gets the writes is the cutover's. */
export const hold: Hold<Inputs, Outputs> = {
  create: split,
  update: split,
  async read(move) {
    const gate = openGate(move);
    try {
      const { primary, canary } = await gate.state();
      return { primary, canary };
    } finally {
      gate.close();
    }
  },
  async remove() {},
  stillHolds: (inputs, outputs) => inputs.canary === outputs.canary,
};
