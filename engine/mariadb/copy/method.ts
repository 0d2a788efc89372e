import type { CopyContext } from "./context";
import type { CopyResult } from "./state";

/** One way of bringing blue's database to an empty green. */
export interface CopyMethod {
  readonly name: "logical" | "physical";

  /**
   * Brings it there, whatever an earlier run left behind, and answers where green stands: it can follow from
   * `gtid`, its own binary log is empty or leads there, and its events rest. Green may be this move's; `claimed`
   * settles when it is, and follows no one: nothing is written to its databases before.
   */
  copy(ctx: CopyContext, claimed: Promise<void>): Promise<CopyResult>;
}
