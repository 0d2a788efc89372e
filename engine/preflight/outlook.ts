import type { Finding } from "../finding";
import { lastingOf } from "./lasting";

/**
 * What a config asks for, beyond what holds: nothing new; that the gate carries the traffic, or page views come from
 * the side that did not serve them; that the edits move.
 */
export type Step = "none" | "switch" | "flip";

/**
 * The guardrails of a flip, as a preview and the start of a run show them. A flip is refused for what forbids it and
 * no run mends. Phase `switch` and a canary are refused for what stands: it would forbid the flip, and hurts people
 * already. Without a step it is a warning of what would be.
 * @param told What has been found otherwise; not said twice.
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
      // A side that only follows may keep its commits less strictly; phase switch ends that.
      if (step !== "flip" && finding.code === "REPL_DURABILITY")
        return {
          ...finding,
          severity: "pass",
          found: `${finding.found}: made strict before a flip`,
          wayOut: "",
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
 * What was found about the way from the gate to blue. Before phase `switch` it is told while there is time to mend it;
 * the phase is refused for it; where people come that way already, a refusal would only keep a run from helping.
 */
export function wayInOutlook(
  findings: readonly Finding[],
  when: "before switch" | "at switch" | "in switch",
): Finding[] {
  return findings.map((finding) => {
    // A wiki that only its members may read does not even begin.
    if (finding.severity !== "block" || when === "at switch" || finding.code === "APP_PRIVATE")
      return finding;
    const found =
      when === "in switch" ? finding.found : `${finding.found}: phase switch is refused as long as it is so`;
    return { ...finding, severity: "warn", found };
  });
}
