import type { Finding } from "../../../finding";
import { type FlipQuestion, flipGuardrails } from "./guardrails";

/** What forbids a flip now. Never writes. */
export async function flipBlockers(question: FlipQuestion): Promise<Finding[]> {
  return (await flipGuardrails(question)).filter(({ severity }) => severity === "block");
}
