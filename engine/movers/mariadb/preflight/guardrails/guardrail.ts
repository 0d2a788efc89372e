import type { Finding } from "../../../../finding";
import type { CutoverLimits, Side } from "../../../../move";
import type { SourceServer } from "../../../../runtime/mariadb/server";

/** A flip from `primary` to `replica` that is being considered. */
export interface FlipQuestion {
  primary: SourceServer;
  replica: SourceServer;
  /** The wiki's database. */
  database: string;
  /** Usually empty. */
  tablePrefix: string;
  /** The wiki's database account. */
  appUser: string;
  limits: Pick<CutoverLimits, "longTransactionMs" | "verificationMaxAgeMs">;
  /** The run that asks, by its name in leases; undefined if it has taken none. */
  holder?: string;
  /** Free bytes where a side's MariaDB keeps its data. Without it the check is skipped. */
  freeBytes?(side: Side): Promise<number>;
}

/**
 * A family of guardrails: reads what it needs from both servers and judges it. Never writes. Returns a finding for each
 * thing that it checked, also where that is fine.
 */
export type Guardrail = (question: FlipQuestion) => Promise<Finding[]>;

/** At most `most` names, and how many more there are. */
export function list(names: readonly string[], most = 5): string {
  const rest = names.length - most;
  return rest > 0 ? `${names.slice(0, most).join(", ")} and ${rest} more` : names.join(", ");
}
