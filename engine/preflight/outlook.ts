import type { Finding } from "../finding";

/**
 * What a run mends or waits for by itself before it flips: following again, full durability, comparing anew, a closed
 * primary or a ring that a killed run left behind, another run's lease, containers that are not there yet. All else is
 * refused before anything is touched.
 */
const mendedByTheRun = new Set([
  "REPL_STOPPED",
  "REPL_ACCESS_DENIED",
  "REPL_TLS",
  "REPL_UNREACHABLE",
  "REPL_IO",
  "REPL_SOURCE",
  "REPL_RING",
  "REPL_DURABILITY",
  "VERIFY_MISSING",
  "VERIFY_STALE",
  "VERIFY_MISMATCH",
  "PRIMARY_READ_ONLY",
  "PRIMARY_SECOND_WRITER",
  "CTRL_LEASE_HELD",
  "CTRL_EVENTS",
  "CONTAINER_MISSING",
  "WEB_UNREACHABLE",
]);

/**
 * The guardrails of a flip, as a preview and the start of a run show them. With a flip in the config, what forbids it
 * and no run mends is a refusal; without one it is a warning of what would be.
 * @param told What has been found otherwise; not said twice.
 */
export function flipOutlook(
  guardrails: readonly Finding[],
  flipWanted: boolean,
  told: readonly Finding[] = [],
): Finding[] {
  return guardrails
    .filter(({ code, severity }) => severity === "block" || !told.some((finding) => finding.code === code))
    .map((finding) => {
      if (finding.severity !== "block") return finding;
      // A side that only follows may keep its commits less strictly; phase switch ends that.
      if (!flipWanted && finding.code === "REPL_DURABILITY")
        return {
          ...finding,
          severity: "pass",
          found: `${finding.found}: made strict before a flip`,
          wayOut: "",
        };
      if (!flipWanted)
        return { ...finding, severity: "warn", found: `${finding.found}: a flip would be refused now` };
      if (!mendedByTheRun.has(finding.code)) return finding;
      return {
        ...finding,
        severity: "warn",
        found: `${finding.found}: mended before the flip, or it is refused`,
      };
    });
}
