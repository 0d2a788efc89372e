import type { Finding } from "../../finding";
import { lastingOf } from "./lasting";

/**
 * What a config asks for beyond what holds: nothing new; that the gate carries the traffic, or that page views come
 * from the side that did not serve them; that the edits move.
 */
export type Step = "none" | "switch" | "flip";

/**
 * The guardrails of a flip, as a preview and the start of a run show them. A flip is refused for what forbids it and no
 * run repairs. Phase `switch` and a canary are refused for lasting conditions, which would forbid the flip and already
 * hurt people. Without such a step it is a warning of what would happen.
 * @param told Findings that were already reported, so they are not repeated.
 */
export function flipOutlook(
  guardrails: readonly Finding[],
  step: Step,
  told: readonly Finding[] = [],
): Finding[] {
  return guardrails
    .filter(({ code, severity }) => severity === "block" || !told.some((finding) => finding.code === code))
    .map((finding) => {
      if (finding.severity !== "block") return finding;
      const lasting = lastingOf(finding.code);
      // A side that only follows may have relaxed durability; phase switch ends that.
      if (step !== "flip" && finding.code === "REPL_DURABILITY")
        return {
          ...finding,
          severity: "pass",
          found: `${finding.found}: made strict before a flip`,
          remedy: "",
        };
      if (step === "none" || (step === "switch" && (lasting === "passes" || lasting === "every run")))
        return { ...finding, severity: "warn", found: `${finding.found}: a flip would be refused now` };
      if (step === "switch" || lasting === undefined || lasting === "passes") return finding;
      return {
        ...finding,
        severity: "warn",
        found: `${finding.found}: mended before the flip, or it is refused`,
      };
    });
}

/**
 * Findings about the path from the gate to blue. Before phase `switch` they are warnings, while there is time to act.
 * The phase is refused for them. Where people already use that path, a refusal would only keep a run from helping.
 */
export function wayInOutlook(
  findings: readonly Finding[],
  when: "before switch" | "at switch" | "in switch",
): Finding[] {
  return findings.map((finding) => {
    // A wiki that only its members may read is refused from the start.
    if (finding.severity !== "block" || when === "at switch" || finding.code === "APP_PRIVATE")
      return finding;
    const found =
      when === "in switch" ? finding.found : `${finding.found}: phase switch is refused until this is fixed`;
    return { ...finding, severity: "warn", found };
  });
}
