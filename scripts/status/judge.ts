import { judgeRoles, type RoleClaim, type Verdict } from "../../engine/control/primary";
import type { WikiferryError } from "../../engine/errors";
import { otherSide, type Side } from "../../engine/move";
import { type NextStep, nextSteps } from "../../stacks/common/phase";
import { known, type Status } from "./types";

type Asked = Omit<Status, "ok" | "unmet" | "next" | "primary" | "contested">;

interface Claim extends RoleClaim {
  record: NonNullable<Status["primary"]>;
}

/** Who is primary by the databases' records, as far as they answer. */
function primaryBy({ blue, green }: Status["databases"]): Verdict<Claim> {
  const view = (part: Status["databases"][Side]) => {
    if (!known(part)) return new Error(part.error.found);
    const record = part.role ?? undefined;
    return record && { role: record.side, epoch: record.epoch, record };
  };
  return judgeRoles({ blue: view(blue), green: view(green) });
}

function primaryIn(verdict: Verdict<Claim>): Status["primary"] {
  return verdict.kind === "known" || verdict.kind === "likely" ? verdict.record.record : null;
}

/** What the config wants and does not hold, as far as it could be asked. */
function unmet(asked: Asked, verdict: Verdict<Claim>): string[] {
  const { phase, active, canary } = asked.wanted;
  const missing: string[] = [];
  const primary = primaryIn(verdict);
  if (verdict.kind === "contested") missing.push("no side is the primary by both records");
  const blue = asked.databases.blue;
  if (known(blue) && !blue.role && !primary) missing.push("blue is not adopted");
  if (phase === "prepare") return missing;
  if (known(asked.copy) && asked.copy.state !== "copied") missing.push("green has no whole copy");
  if (primary && primary.side !== active) missing.push(`${primary.side} is the primary, not ${active}`);
  const serving = asked.databases[primary?.side ?? active];
  if (known(serving) && serving.readOnly && primary) missing.push(`${primary.side} takes no edits`);
  const passive = otherSide(primary?.side ?? active);
  const follower = asked.databases[passive];
  if (known(follower)) {
    const running = follower.follows?.running ?? false;
    if (phase === "retire" && follower.follows) missing.push(`${passive} still follows`);
    if (phase !== "retire" && !running) missing.push(`${passive} does not follow`);
  }
  if (known(asked.verification) && asked.verification.last?.ok !== true)
    missing.push("the two databases were not found equal");
  if (known(asked.uploads) && asked.uploads.stopped)
    missing.push(
      `the uploads are stopped (FILES_DELETE_HELD): ${asked.uploads.stopped.found}${asked.uploads.stopped.name ? `; files.allowDelete ${asked.uploads.stopped.name} lets them go` : ""}`,
    );
  if (phase === "sync" || !known(asked.gate)) return missing;
  const gate = asked.gate;
  if (primary && gate.primary !== primary.side) missing.push(`the gate sends edits to ${gate.primary}`);
  if (phase === "switch" && gate.canary !== canary)
    missing.push(
      `the gate sends ${gate.canary} % of page views to ${otherSide(gate.views)}, not ${canary} %`,
    );
  return missing;
}

/** Parts of this phase that could not be reached. Before `switch` there is no gate, after `retire` blue may be gone. */
function unreached(asked: Asked): boolean {
  const { phase } = asked.wanted;
  const parts = [
    ...(phase === "retire" ? [] : [asked.databases.blue]),
    asked.databases.green,
    ...(phase === "prepare" ? [] : [asked.copy, asked.verification, asked.uploads]),
    ...(phase === "switch" || phase === "retire" ? [asked.gate] : []),
  ];
  return parts.some((part) => !known<object>(part));
}

const look: NextStep = {
  command: "npx pulumi preview",
  effect: "says what stands in the way; changes nothing",
};

/** A record is corrected by hand: which side has the newest edits, only its owner can find out. */
function correctByHand({ remedy }: WikiferryError): NextStep {
  return { command: "npm run status", effect: `once one record is corrected. ${remedy}` };
}

/** The answers, judged: what does not hold, and what may be done next. */
export function judge(asked: Asked): Status {
  const verdict = primaryBy(asked.databases);
  const missing = unmet(asked, verdict);
  const underWay = [asked.databases.blue, asked.databases.green].find((part) => known(part) && part.lease);
  const again: NextStep[] =
    missing.length === 0
      ? []
      : [
          {
            command: "npx pulumi up",
            effect: underWay
              ? "once the run that holds the lease has ended: brings about what the config wants"
              : "brings about what the config wants",
          },
        ];
  const steps = nextSteps(asked.wanted, asked.wiki).map(({ command, effect }) => ({
    command: command.replaceAll("pulumi ", "npx pulumi "),
    effect,
  }));
  // From a state that does not hold, or that nobody knows, the only way is to it.
  const onward = missing.length > 0 ? again : unreached(asked) ? [look] : steps;
  const contested = verdict.kind === "contested" ? verdict.error : undefined;
  return {
    ok: missing.length === 0 && !unreached(asked),
    ...asked,
    primary: primaryIn(verdict),
    contested: contested ? { code: contested.code, found: contested.found } : null,
    unmet: missing,
    next: contested ? [correctByHand(contested)] : onward,
  };
}

/** Whether anything at all could be asked. */
export function anythingReached(status: Status): boolean {
  const { databases, copy, uploads, gate } = status;
  return [databases.blue, databases.green, copy, uploads, gate].some((part) => known<object>(part));
}
