import type { Move } from "../context";
import type { MoveSpec } from "../move";

/** What every hold is told. */
export interface HoldInputs {
  spec: MoveSpec;
}

/**
 * One thing that must hold. Each method may be called again after a kill at any point, and does nothing where what
 * it is to bring about already holds.
 */
export interface Hold<I extends HoldInputs, O extends object> {
  /** Brings it about; answers what is worth keeping, without secrets other than those in `secretOutputs`. */
  create(move: Move, inputs: I): Promise<O>;
  /** What really holds now; undefined if nothing of it is there. Never writes. */
  read(move: Move, outputs: O & { spec: MoveSpec }): Promise<O | undefined>;
  /** Brings it about again for other inputs. */
  update(move: Move, inputs: I, before: O & { spec: MoveSpec }): Promise<O>;
  /** Takes it back; never anything of blue's data. */
  remove(move: Move, outputs: O & { spec: MoveSpec }): Promise<void>;
  /** Whether what was read still is what is wanted. Defaults to yes: only other inputs are a difference. */
  stillHolds?(inputs: I, outputs: O): boolean;
}
