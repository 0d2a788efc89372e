import type { CopyContext, CopyResult } from "./copy";

/** One way of bringing blue's database to an empty green. */
export interface CopyMethod {
  readonly name: "logical" | "physical";

  /**
   * Brings it there, whatever an earlier run left behind, and answers where green stands: it can follow from
   * `gtid`, its own binary log is empty or leads there, and its events rest. Called with green claimed for this move
   * and following no one.
   */
  copy(ctx: CopyContext): Promise<CopyResult>;
}
