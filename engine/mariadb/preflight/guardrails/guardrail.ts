import type { Finding } from "../../../finding";
import type { CutoverLimits, Side } from "../../../move";
import type { Server } from "../../server";

/** A flip from `primary` to `replica` that somebody has in mind. */
export interface FlipQuestion {
  primary: Server;
  replica: Server;
  /** The wiki's database. */
  database: string;
  /** Usually empty. */
  tablePrefix: string;
  /** The wiki's database account. */
  appUser: string;
  limits: Pick<CutoverLimits, "longTransactionMs" | "verificationMaxAgeMs">;
  /** The run that asks, as it is named in leases; undefined if it has taken none. */
  holder?: string;
  /** Free bytes where a side's MariaDB keeps its data; without it, nobody asks. */
  freeBytes?(side: Side): Promise<number>;
}

/**
 * A family of guardrails: reads what it needs of both servers and judges it. Never writes; answers a finding for each
 * thing that it looked at, also where that is fine.
 */
export type Guardrail = (question: FlipQuestion) => Promise<Finding[]>;

/** At most `most` names and how many more there are. */
export function list(names: readonly string[], most = 5): string {
  const rest = names.length - most;
  return rest > 0 ? `${names.slice(0, most).join(", ")} and ${rest} more` : names.join(", ");
}
