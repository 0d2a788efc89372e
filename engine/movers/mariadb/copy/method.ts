import type { CopyContext } from "./context";
import type { CopyResult } from "./state";

/** One way of copying blue's database to an empty green. */
export interface CopyMethod {
  readonly name: "logical" | "physical";

  /**
   * Copies it, whatever an earlier run left behind, and returns green's position: it can follow from `gtid`, its own
   * binary log is empty or leads there, and its events are disabled. Green may already belong to this move; `claimed`
   * resolves once it does and follows nobody, and nothing is written to its databases before.
   */
  copy(ctx: CopyContext, claimed: Promise<void>): Promise<CopyResult>;
}
