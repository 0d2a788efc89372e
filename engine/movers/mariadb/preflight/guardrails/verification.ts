import { block, pass } from "../../../../finding";
import { lastVerification } from "../../verify/record";
import type { Guardrail } from "./guardrail";

/** The two databases were compared recently and were equal. */
export const verification: Guardrail = async ({ replica, limits }) => {
  const last = await lastVerification(replica);
  const remedy = "Run `pulumi up --refresh`, which compares them again";
  if (!last) return [block("VERIFY_MISSING", "the two databases have never been compared", remedy)];
  if (!last.ok) {
    const tables = last.differing.map(({ table }) => table).join(", ");
    return [
      block(
        "VERIFY_MISMATCH",
        `the last comparison of the two databases found differences${tables ? ` in ${tables}` : ""}`,
        remedy,
      ),
    ];
  }
  const minutes = (ms: number) => `${Math.round(ms / 60_000)} min`;
  if (last.ageMs > limits.verificationMaxAgeMs)
    return [
      block(
        "VERIFY_STALE",
        `the last comparison is ${minutes(last.ageMs)} old (limit ${minutes(limits.verificationMaxAgeMs)})`,
        remedy,
      ),
    ];
  return [pass("VERIFY_STALE", `the databases were found equal ${minutes(last.ageMs)} ago, at ${last.gtid}`)];
};
